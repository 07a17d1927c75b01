/** The events of the element: all bubble and cross shadow boundaries. */

import type { DripError } from "./errors.ts";
import type { Ask, OutcomeName, StartedVisit, VisitProfile } from "./types.ts";

export type DripEventDetails = {
  /** A visit has begun, at first and after every sign-in and sign-out. */
  "drip:ready": { visit: StartedVisit["visit"]; profile: VisitProfile };
  /** A question is about to be drawn; `preventDefault()` keeps it back until `open()`. */
  "drip:show": { ask: Ask };
  /** A question came before the person's eyes. */
  "drip:shown": { ask: Ask };
  /** The server keeps the answer. */
  "drip:answered": { ask: Ask; value: unknown; outcome: string; isReplay: boolean };
  /** Not now (SKIPPED), rather not say (DECLINED) or not applicable (NOT_APPLICABLE). */
  "drip:skipped": { ask: Ask; outcome: OutcomeName };
  /** The person closed it. */
  "drip:dismissed": { ask: Ask };
  /** The network is gone; what the person said is kept here and will be sent. */
  "drip:kept": { ask: Ask };
  /** Nothing to ask now; RESTING may have more at `until`. OPTED_OUT: the browser's signal was respected, nothing was sent. */
  "drip:done": { state: "RESTING" | "DONE" | "OPTED_OUT"; until: string | null };
  /** For the developer; the visitor sees nothing of it. */
  "drip:error": { code: string; message: string; error: DripError };
  /** What is known about the person may have changed: a good moment to read it again. */
  "drip:profile": { profileId: string; reason: "visit" | "answer" };
};

export type DripEventMap = { [Name in keyof DripEventDetails]: CustomEvent<DripEventDetails[Name]> };

/** Returns false when a listener prevented what was about to happen. */
export function dispatch<Name extends keyof DripEventDetails>(target: EventTarget, name: Name, detail: DripEventDetails[Name]): boolean {
  return target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: name === "drip:show" }));
}
