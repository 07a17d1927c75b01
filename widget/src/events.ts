/** The events of the element: all bubble and cross shadow boundaries. */

import type { DripError } from "./errors.ts";
import type { Ask, StartedVisit, VisitProfile } from "./types.ts";

export type DripEventDetails = {
  /** A visit has begun, at first and after every sign-in and sign-out. */
  "drip:ready": { visit: StartedVisit["visit"]; profile: VisitProfile };
  /** A question is in view. */
  "drip:shown": { ask: Ask };
  /** The server keeps the answer. */
  "drip:answered": { ask: Ask; value: unknown; outcome: string; isReplay: boolean };
  "drip:skipped": { ask: Ask };
  /** Nothing to ask now; RESTING may have more at `until`. */
  "drip:done": { state: "RESTING" | "DONE"; until: string | null };
  /** For the developer; the visitor sees nothing of it. */
  "drip:error": { code: string; message: string; error: DripError };
  /** What is known about the person may have changed: a good moment to read it again. */
  "drip:profile": { profileId: string; reason: "visit" | "answer" };
};

export type DripEventMap = { [Name in keyof DripEventDetails]: CustomEvent<DripEventDetails[Name]> };

export function dispatch<Name extends keyof DripEventDetails>(target: EventTarget, name: Name, detail: DripEventDetails[Name]): void {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}
