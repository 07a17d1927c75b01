/** Every word of our own that a person reads beside a question, in English. Questions bring their words along. */

export const TEXTS = {
  save: "Save",
  skip: "Not now",
  decline: "Rather not say",
  notApplicable: "Doesn't apply to me",
  close: "Close",
  back: "Back",
  why: "Why we ask",
  step: "Question {0} of {1}",
  failed: "This could not be saved just now. Please try again.",

  yes: "Yes",
  no: "No",
  pick: "Choose …",
  other: "Something else",
  agree: "I agree",
  disagree: "I don't agree",

  chooseExactly: "Choose {0}.",
  chooseBetween: "Choose {0} to {1}.",
  chooseUpTo: "Choose up to {0}.",
  chooseAny: "Choose all that apply.",
};

export type Texts = Record<keyof typeof TEXTS, string>;

/** Puts values in the places {0}, {1} … of a text. */
export function filled(text: string, ...values: (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (_, place: string) => String(values[Number(place)]));
}
