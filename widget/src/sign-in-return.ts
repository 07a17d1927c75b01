/** What the address says when the browser comes back from a sign-in: a one-time code, or why there is none. */

export type SignInReturn = { code: string } | { error: string };

/** The part of a window that a sign-in return touches. */
export interface Page {
  location: { readonly href: string; readonly hash: string; readonly pathname: string; readonly search: string };
  history: Pick<History, "replaceState" | "state">;
}

/**
 * Reads `#acquaint_code=…` or `#acquaint_error=…`; null when the fragment has neither.
 *
 * `rest` is the fragment without our parts ("" or "#…"), for a page that keeps something there itself.
 */
export function readSignInReturn(hash: string): { outcome: SignInReturn; rest: string } | null {
  const parts = hash.replace(/^#/, "").split("&");
  const ours = parts.filter((part) => /^acquaint_(code|error)=/.test(part));
  if (ours.length === 0) return null;

  const values = new URLSearchParams(ours.join("&"));
  const code = values.get("acquaint_code");
  const rest = parts.filter((part) => !ours.includes(part)).join("&");
  return {
    outcome: code ? { code } : { error: values.get("acquaint_error") || "unknown" },
    rest: rest && `#${rest}`,
  };
}

/** Reads the return and takes it out of the address, without a new entry in the history. */
export function takeSignInReturn(page: Page): SignInReturn | null {
  const found = readSignInReturn(page.location.hash);
  if (!found) return null;
  page.history.replaceState(page.history.state, "", page.location.pathname + page.location.search + found.rest);
  return found.outcome;
}
