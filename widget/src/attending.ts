/** What an answer does not need and a person likes: comes last, while they read. */

import { tokenFor } from "./autofill.ts";
import type { Stage } from "./answering.ts";
import { reportShown } from "./delivery.ts";
import { createDraft } from "./draft.ts";
import { deviceReport } from "./device.ts";
import { keepFresh } from "./people.ts";
import type { Ask } from "./types.ts";
import { createWatch } from "./watching.ts";

/** A question that is on show, and looked after. */
export interface Attention {
  /** How long it was to be seen; nothing before it was. */
  milliseconds(): { milliseconds?: number };
  /** Another question takes its place. */
  stop(): void;
  /** What was typed is sent, or no longer wanted. */
  forget(): void;
}

/** Puts back what was typed before, lets the browser fill in what it knows, and watches for the question to be seen. */
export function attend({ card, client, tell, report }: Stage, ask: Ask): Attention {
  const { form, control } = card;
  keepFresh(client);
  import("./elsewhere.ts").then(({ heed }) => heed(client), report);
  const draft = createDraft(client);
  const token = tokenFor(ask.question.key);
  if (token) form?.querySelector("[autocomplete=off]")?.setAttribute("autocomplete", token);
  const texts = draft.read(ask);
  if (texts) control?.fill(texts);
  form?.addEventListener("input", () => control && draft.write(ask, control.read().texts));
  const watch = createWatch(form!, () => {
    tell("drip:shown", { ask });
    reportShown(client, ask.id, deviceReport()).catch(report);
  });
  return { ...watch, forget: () => draft.clear() };
}
