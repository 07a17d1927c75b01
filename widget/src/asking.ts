/** What a person should know before they answer. Pure. */

import { filled, type Texts } from "./texts.ts";
import type { Question } from "./types.ts";

/** Stands among chosen values for "something else"; no option's value can be it. */
export const OTHER = "\0";

/** What a person should know before answering and cannot see; null when the control says it all. */
export function hintFor(question: Question, texts: Texts): string | null {
  if (question.kind !== "MULTI_CHOICE") return null;
  const { least, most } = choiceBounds(question);
  if (least === most) return filled(texts.chooseExactly, most);
  if (least > 1) return filled(texts.chooseBetween, least, most);
  return most < question.options.length ? filled(texts.chooseUpTo, most) : texts.chooseAny;
}

export function choiceBounds({ minChoices, maxChoices, options }: Question): { least: number; most: number } {
  return { least: minChoices ?? 1, most: maxChoices ?? options.length };
}
