/** Which language our own words are in, and which one questions are asked in. */

import type { KindTexts } from "./kinds/texts.ts";
import { TEXTS, type Texts } from "./texts.ts";
import type { Messages } from "./messages.ts";
import type { PanelTexts } from "./panel/texts.ts";
import type { PopoverTexts } from "./popover-texts.ts";

export type Words = Texts & KindTexts & Messages & PopoverTexts & PanelTexts;

export interface Speech {
  /** A BCP 47 tag for our own words, and the direction they are read in unless the page's own holds. */
  language: string;
  direction?: "rtl" | "ltr";
  /** All of them; in English only those beside a question, and the rest comes with the part that needs it. */
  texts: Texts & Partial<Words>;
}

export const ENGLISH: Speech = { language: "en", texts: TEXTS };

/** What the page wants: the attribute, the language around the element, the browser's. What is no language the server ignores. */
export function localeOf(element: Element): string {
  return element.getAttribute("locale") || element.closest("[lang]")?.getAttribute("lang") || navigator.language;
}

/** Our words in that language; in English where we have none or they do not come. */
export async function speechIn(locale: string): Promise<Speech> {
  const found = /^en\b/i.test(locale) ? null : import("./languages.ts").then(({ find }) => find(locale));
  return (await found?.catch(() => null)) ?? ENGLISH;
}
