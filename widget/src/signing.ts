/** Leaving for a provider, or opening a window for it, and coming back: comes only when somebody does. */

import { DripError } from "./errors.ts";
import { challengeOf, createVerifier } from "./proof.ts";
import { openPopup, popupOutcome, type Opener, type PopupOutcome } from "./sign-in-popup.ts";
import { takeSignInReturn, type Page, type SignInReturn } from "./sign-in-return.ts";
import type { Slot } from "./slot.ts";

export interface SignInProof {
  code: string;
  verifier: string;
}

/** Whose sign-in it is. `slot` keeps the verifier while the person is away. */
export interface SigningIn {
  endpoint: string;
  key: string;
  slot: Slot;
  page: Page | null;
  opener: Opener | null;
  /** Hears why a sign-in came to nothing. */
  fail: (reason: string) => void;
  /** What a window beside the page brought back. */
  broughtBack?: SignInReturn | null;
  /** Gives up a window that is open. */
  popup?: AbortController;
}

/** Where to send the browser. Raises DripError BAD_CONFIGURATION and STORAGE_DENIED. */
export async function signInUrl({ endpoint, key, slot, page }: SigningIn, provider: string, returnTo = page?.location.href): Promise<string> {
  if (!returnTo) throw new DripError("BAD_CONFIGURATION", "signInUrl needs the address to return to.");
  const id = `${endpoint}|${key}`;
  const [pending, owner] = slot.read()?.split(" ") ?? [];
  // One verifier for every link of this tab, so that a page may draw a link for each provider beforehand.
  const verifier = pending && owner === id ? pending : createVerifier();
  if (!slot.write(`${verifier} ${id}`)) {
    throw new DripError("STORAGE_DENIED", "Signing in needs session storage, which this browser denies to the page.");
  }
  const back = new URL(returnTo, page?.location.href);
  back.hash = "";
  const query = new URLSearchParams({ key, return_to: back.href, challenge: await challengeOf(verifier) });
  return `${endpoint}/auth/${encodeURIComponent(provider)}/start?${query}`;
}

/**
 * Opens a window and waits for what it brings back. A click allows a window for some seconds, which this part needs to load.
 *
 * Raises DripError POPUP_BLOCKED, and SIGN_IN_SUPERSEDED when another one is begun meanwhile.
 */
export async function signInWithPopup(signingIn: SigningIn, provider: string): Promise<PopupOutcome> {
  const { endpoint, key, opener } = signingIn;
  if (!opener) throw new DripError("BAD_CONFIGURATION", "signInWithPopup needs a browser.");
  signingIn.popup?.abort();
  const { signal } = (signingIn.popup = new AbortController());
  // The verifier is stored before the window opens, which starts with a copy of this tab's session storage.
  const url = signInUrl(signingIn, provider);
  const popup = openPopup(opener);
  try {
    popup.location.replace(`${await url}&display=popup`);
  } catch (thrown) {
    popup.close();
    throw thrown;
  }
  return popupOutcome(opener, popup, new URL(endpoint).origin, `acquaint:resume:${endpoint}|${key}`, signal);
}

/** Takes what came back out of the address; null when nothing did, or what did is of no use. */
export function takeSignIn(signingIn: SigningIn): SignInProof | null {
  const { endpoint, key, slot, page, fail } = signingIn;
  const [verifier, owner] = slot.read()?.split(" ") ?? [];
  // Another client of this page began the sign-in: its return is not ours to take.
  if (!page || (owner && owner !== `${endpoint}|${key}`)) return null;
  const back = signingIn.broughtBack ?? takeSignInReturn(page);
  signingIn.broughtBack = null;
  if (!back) return null;

  slot.clear();
  if ("code" in back && verifier) return { code: back.code, verifier };
  fail("error" in back ? `The sign-in ended with "${back.error}".` : "A sign-in came back that this tab did not begin; sign in again.");
  return null;
}
