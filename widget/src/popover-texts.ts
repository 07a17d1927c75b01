/** What a person reads around a card in the corner, in English. */

export const POPOVER_TEXTS = {
  launch: "One quick question",
  minimise: "Make small",
};

export type PopoverTexts = Record<keyof typeof POPOVER_TEXTS, string>;
