/** The style sheets, adopted and not written into the markup, so that a strict content security policy allows them. */

import css from "./card.css";

const made = new Map<string, CSSStyleSheet>();

/** One sheet of a text for all elements of a page. */
export function sheetOf(css: string): CSSStyleSheet {
  let sheet = made.get(css);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    made.set(css, sheet);
  }
  return sheet;
}

export const SHEET = (): CSSStyleSheet => sheetOf(css);

/** Takes the element out of the page's layout while there is nothing to show. */
export const NOTHING = (): CSSStyleSheet => sheetOf(":host{display:none!important}");
