/** From what a control holds to a value the server takes, or a sentence that says what would be right. Pure. */

import { choiceBounds, OTHER } from "./asking.ts";
import type { Messages } from "./messages.ts";
import { filled } from "./texts.ts";
import type { AnswerValue, Question } from "./types.ts";

/** What a control holds: the text of every field, or the values of the ticked options. */
export interface RawAnswer {
  texts: string[];
  /** The control holds something that its browser cannot read as its type. */
  isUnreadable?: boolean;
}

export type ParsedAnswer = { value: AnswerValue } | { message: string };

type Parser = (raw: RawAnswer, question: Question, messages: Messages) => ParsedAnswer;

/** As the server has it (server/questions/reading.py). */
const MOST_OTHER = 500;

const text: Parser = ({ texts }, { minLength, maxLength }, messages) => {
  const value = (texts[0] ?? "").trim();
  // Characters as the server counts them: an emoji is one, not two.
  const length = [...value].length;
  if (length === 0) return { message: messages.emptyText };
  if (minLength !== null && length < minLength) return { message: filled(messages.tooShort, minLength) };
  if (maxLength !== null && length > maxLength) return { message: filled(messages.tooLong, maxLength, length) };
  return { value };
};

const number: Parser = ({ texts: [written = ""], isUnreadable }, { minimum, maximum }, messages) => {
  const value = Number(written);
  if (isUnreadable || written.trim() === "" || !Number.isFinite(value)) return { message: messages.emptyNumber };
  if (minimum !== null && value < minimum) return { message: filled(messages.tooSmall, minimum) };
  if (maximum !== null && value > maximum) return { message: filled(messages.tooLarge, maximum) };
  return { value };
};

const boolean: Parser = ({ texts: [written] }, _, messages) =>
  written === "true" || written === "false" ? { value: written === "true" } : { message: messages.emptyChoice };

const one: Parser = ({ texts: [chosen, written = ""] }, { options, hasOther }, messages) => {
  if (hasOther && chosen === OTHER) {
    const value = written.trim();
    if (!value) return { message: messages.emptyText };
    const length = [...value].length;
    return length > MOST_OTHER ? { message: filled(messages.tooLong, MOST_OTHER, length) } : { value };
  }
  return chosen !== undefined && options.some(({ value }) => value === chosen) ? { value: chosen } : { message: messages.emptyChoice };
};

/** A text that also has to look like something; the server looks closer. */
function textLike(pattern: RegExp, message: (messages: Messages) => string): Parser {
  return (raw, question, messages) =>
    raw.isUnreadable || !pattern.test((raw.texts[0] ?? "").trim()) ? { message: message(messages) } : text(raw, question, messages);
}

/** The other kinds come with parts of their own, which know how to read them (src/kinds/). */
const PARSERS: Record<string, Parser> = {
  TEXT: text,
  LONG_TEXT: text,
  EMAIL: textLike(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, ({ badEmail }) => badEmail),
  PHONE: ({ texts: [written = ""] }, _, messages) => {
    // Some keyboards write wide digits. A letter belongs to an extension, which is no part of the number.
    const value = written.normalize("NFKC").replace(/^\s*00/, "+").replace(/[^\p{L}\d+]/gu, "");
    return /^\+\d{6,15}$/.test(value) ? { value } : { message: messages.badPhone };
  },
  URL: ({ texts: [written = ""], ...raw }, question, messages) => {
    const address = written.trim();
    // People write "example.com" and mean a web page.
    const whole = /^[\p{L}\d_-]+(\.[\p{L}\d_-]+)+([/?#].*)?$/u.test(address) ? `https://${address}` : address;
    return textLike(/^https?:\/\/[^\s/]+/i, ({ badUrl }) => badUrl)({ ...raw, isUnreadable: false, texts: [whole] }, question, messages);
  },
  NUMBER: number,
  BOOLEAN: boolean,
  CONSENT: boolean,
  // A date field holds a day of the calendar or nothing (HTML, section 4.10.5.1.7); its years may have more than four digits.
  DATE: ({ texts: [value = ""] }, _, messages) => (/^\d{4}-/.test(value) ? { value } : { message: messages.emptyDate }),
  SINGLE_CHOICE: one,
  MULTI_CHOICE: ({ texts }, question, messages) => {
    const { least, most } = choiceBounds(question);
    if (texts.length < least) return { message: filled(messages.tooFew, least) };
    if (texts.length > most) return { message: filled(messages.tooMany, most) };
    return { value: texts };
  },
};

/** Checks the same rules as the server, which has the last word. */
export function parseAnswer(question: Question, raw: RawAnswer, messages: Messages): ParsedAnswer {
  return PARSERS[question.kind]!(raw, question, messages);
}
