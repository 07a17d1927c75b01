/** Moving on from a question before the server has spoken, and back when it refuses. */

import type { Card } from "./card.ts";

/** Says a word where the question was, so that nobody inside loses their place. */
export function closeWith(card: Card, words: string): void {
  const done = card.make("p", { part: "done", tabindex: -1 }, words);
  card.show(card.make("div", { part: "card" }, done), () => done.focus());
}

/** Moves on; the returned function brings the question back as it was. */
export function moveOn(card: Card, words: string): () => void {
  const { form, control, error } = card;
  const height = form?.offsetHeight ?? 0;
  closeWith(card, words);
  // As high as the question was: what follows on the page stays where it is.
  (card.place.firstElementChild as HTMLElement).style.minBlockSize = `${height}px`;
  return () => {
    if (!form || !control) return;
    card.show(form, () => control.focus(), control.css);
    Object.assign(card, { form, control, error });
  };
}

/** The answer is wrong and stays as it was typed; an empty message takes that back. */
export function refuse(card: Card, message: string): void {
  card.fail(message);
  card.control?.markInvalid(message !== "");
  if (message) card.control?.focus();
}
