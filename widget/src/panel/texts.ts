/** What a person reads in the panel and the meter, in English. */

export const PANEL_TEXTS = {
  title: "What we know about you",
  nothing: "Nothing yet.",
  bySelf: "You said so, {0}",
  by: "{0}, {1}",
  correct: "Correct",
  cancel: "Cancel",
  takeBack: "Take back",
  consents: "What we may do",
  lookups: "Where we look things up",
  stop: "Stop looking up",
  download: "Download my data",
  preparing: "Your data is being packed …",
  ready: "Your data is ready: download",
  erase: "Erase my data",
  hide: "Hide",
  sure: "This erases everything that is known about you, for good.",
  eraseAll: "Erase everything",
  erased: "Your data is being erased.",
  signInAgain: "Please sign in again first.",
  known: "{0} of {1} known",
  next: "Next",
};

export type PanelTexts = Record<keyof typeof PANEL_TEXTS, string>;
