/** Proof that who ends a sign-in began it: a verifier and its S256 challenge (RFC 7636 §4.1, §4.2). */

import { DripError } from "./errors.ts";

/** 43 characters that carry 256 random bits. */
export function createVerifier(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** BASE64URL(SHA256(verifier)). Raises DripError BAD_CONFIGURATION on a page without HTTPS. */
export async function challengeOf(verifier: string): Promise<string> {
  // Browsers offer SubtleCrypto to HTTPS pages and loopback only.
  if (!crypto.subtle) throw new DripError("BAD_CONFIGURATION", "Signing in needs a page served over HTTPS.");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
