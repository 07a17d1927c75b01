/** What a person reads in the panel and the meter, in English. */

export const PANEL_TEXTS = {
  panelTitle: "What we know about you",
};

export type PanelTexts = Record<keyof typeof PANEL_TEXTS, string>;
