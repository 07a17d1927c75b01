/** What to do about an error, for the developer who reads the console: comes when there is one. */

const SENTENCES: Record<string, string> = {
  BAD_ATTRIBUTE: "This value means nothing here; the default holds.",
  BAD_CONFIGURATION:
    "The key attribute takes the publishable key of this site, which begins with pk_; the endpoint attribute takes https://your-server.",
  BAD_RESPONSE: "What answered is no GraphQL server. Is the endpoint right?",
  IDENTITY_TOKEN_INVALID: "The visit goes on as nobody. See docs/identity-tokens.md for what a token needs.",
  KEY_INVALID: "The server does not know this key. Is it the publishable key of this server, and not revoked?",
  NETWORK: "The server did not answer. Is it up, is this page's origin on the key's list, does the CSP allow it in connect-src?",
  ORIGIN_NOT_ALLOWED: "Put this page's origin on the key's list, to the letter: scheme, host, port.",
  UNAVAILABLE: "The server asks for patience; the widget tries again.",
  UNKNOWN_KIND: "This widget is older than the server. The question was passed over; load the newer script.",
};

/** One more sentence; empty for what says all by itself. */
export function explain(code: string): string {
  return SENTENCES[code] ?? "";
}

/** Resolves once the page has loaded with every script that it names; so long nobody may be listening yet. */
export function pageLoaded(): Promise<void> {
  if (document.readyState === "complete") return Promise.resolve();
  return new Promise((resolve) => addEventListener("load", () => resolve(), { once: true }));
}
