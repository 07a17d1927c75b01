/** The style sheets, adopted and not written into the markup, so that a strict content security policy allows them. */

import css from "./card.css";

function once(css: string): () => CSSStyleSheet {
  let sheet: CSSStyleSheet | null = null;
  return () => {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
    }
    return sheet;
  };
}

/** One sheet for all elements of a page. */
export const SHEET = once(css);

/** Takes the element out of the page's layout while there is nothing to show. */
export const NOTHING = once(":host { display: none !important; }");
