/** Signing in in a small window beside the page, which stays as it is. */

import { DripError } from "./errors.ts";
import { readSignInReturn, type SignInReturn } from "./sign-in-return.ts";

/** The part of a window that opens another and is told what came of it. */
export interface Opener {
  open(url: string, target: string, features: string): Popup | null;
  addEventListener(type: "message", listener: (event: MessageEvent) => void, options: { signal: AbortSignal }): void;
  addEventListener(type: "storage", listener: (event: StorageEvent) => void, options: { signal: AbortSignal }): void;
}

export interface Popup {
  location: { replace(url: string): void };
  close(): void;
}

/** Told by the server's page, or noticed: somebody else in this browser has the person's resume token now. */
export type PopupOutcome = SignInReturn | "elsewhere";

/** Must be called while a click is handled, or the browser blocks it. Raises DripError POPUP_BLOCKED. */
export function openPopup(page: Opener): Popup {
  const popup = page.open("about:blank", "_blank", "popup,width=480,height=680");
  if (!popup) throw new DripError("POPUP_BLOCKED", "The browser did not open a window: call this from a click.");
  return popup;
}

/**
 * Waits for what the sign-in page in `popup` says; only the server's own origin and that very window are believed.
 *
 * A provider or a page with a Cross-Origin-Opener-Policy cuts the two windows apart. Then the other one ends the sign-in
 * by itself, on a page of this origin, and writes the slot `resumeSlot`. That somebody closed the window cannot be told
 * from that, so nothing comes of it: pass `signal` to give up waiting.
 */
export function popupOutcome(page: Opener, popup: Popup, server: string, resumeSlot: string, signal: AbortSignal): Promise<PopupOutcome> {
  return new Promise((resolve, reject) => {
    page.addEventListener(
      "message",
      (event) => {
        const outcome = event.source === popup && event.origin === server ? outcomeOf(event.data) : null;
        if (outcome) resolve(outcome);
      },
      { signal },
    );
    page.addEventListener("storage", ({ key, newValue }) => key === resumeSlot && newValue && resolve("elsewhere"), { signal });
    const giveUp = () => reject(new DripError("SIGN_IN_SUPERSEDED", "Another sign-in was begun, or this one given up."));
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
  });
}

function outcomeOf(data: unknown): SignInReturn | null {
  const { type, fragment } = (data ?? {}) as { type?: unknown; fragment?: unknown };
  return type === "acquaint:sign-in" && typeof fragment === "string" ? (readSignInReturn(fragment)?.outcome ?? null) : null;
}
