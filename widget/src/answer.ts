/** From what a control holds to a value the server takes, or a sentence that says what would be right. */

import { TEXTS } from "./texts.ts";
import type { AnswerValue, Question, QuestionKind } from "./types.ts";

/** What a control holds: one text, or the values of the ticked options. */
export interface RawAnswer {
  texts: string[];
  /** The control holds something that its browser cannot read as its type. */
  isUnreadable?: boolean;
}

export type ParsedAnswer = { value: AnswerValue } | { message: string };

type Parser = (raw: RawAnswer, question: Question) => ParsedAnswer;

const PARSERS: Record<QuestionKind, Parser> = {
  TEXT: ({ texts }, { minLength, maxLength }) => {
    const value = (texts[0] ?? "").trim();
    // Characters as the server counts them: an emoji is one, not two.
    const length = [...value].length;
    if (length === 0) return { message: TEXTS.emptyText };
    if (minLength !== null && length < minLength) return { message: TEXTS.tooShort(minLength) };
    if (maxLength !== null && length > maxLength) return { message: TEXTS.tooLong(maxLength, length) };
    return { value };
  },
  NUMBER: ({ texts, isUnreadable }, { minimum, maximum }) => {
    const written = (texts[0] ?? "").trim();
    const value = Number(written);
    if (isUnreadable || written === "" || !Number.isFinite(value)) return { message: TEXTS.emptyNumber };
    if (minimum !== null && value < minimum) return { message: TEXTS.tooSmall(minimum) };
    if (maximum !== null && value > maximum) return { message: TEXTS.tooLarge(maximum) };
    return { value };
  },
  BOOLEAN: ({ texts: [text] }) =>
    text === "true" || text === "false" ? { value: text === "true" } : { message: TEXTS.emptyChoice },
  DATE: ({ texts, isUnreadable }) => {
    const value = texts[0] ?? "";
    return isUnreadable || !isCalendarDate(value) ? { message: TEXTS.emptyDate } : { value };
  },
  SINGLE_CHOICE: ({ texts: [text] }, { options }) =>
    text !== undefined && options.some(({ value }) => value === text) ? { value: text } : { message: TEXTS.emptyChoice },
  MULTI_CHOICE: ({ texts }, question) => {
    const { least, most } = choiceBounds(question);
    if (texts.length < least) return { message: TEXTS.tooFew(least) };
    if (texts.length > most) return { message: TEXTS.tooMany(most) };
    return { value: texts };
  },
};

/** Checks the same rules as the server, which has the last word. */
export function parseAnswer(question: Question, raw: RawAnswer): ParsedAnswer {
  return PARSERS[question.kind as QuestionKind](raw, question);
}

/** Whether this version can ask it: the kind is known, and a choice has something to choose from. */
export function isAskable({ kind, options }: Question): boolean {
  return Object.hasOwn(PARSERS, kind) && (!kind.endsWith("_CHOICE") || options.length > 0);
}

/** What a person should know before answering and cannot see; null when the control says it all. */
export function hintFor(question: Question): string | null {
  if (question.kind !== "MULTI_CHOICE") return null;
  const { least, most } = choiceBounds(question);
  const isCapped = most < question.options.length;
  if (isCapped && least === most) return TEXTS.chooseExactly(most);
  if (isCapped) return least > 1 ? TEXTS.chooseBetween(least, most) : TEXTS.chooseUpTo(most);
  return least > 1 ? TEXTS.chooseAtLeast(least) : TEXTS.chooseAny;
}

function choiceBounds({ minChoices, maxChoices, options }: Question): { least: number; most: number } {
  return { least: minChoices ?? 1, most: maxChoices ?? options.length };
}

/** "2024-02-29" is one, "2023-02-29" is not. */
function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith("0000")) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text);
}
