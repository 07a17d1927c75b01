/** Registers `<drip-question>`. The class alone is in drip-question-element.ts. */

import { DripQuestionElement } from "./drip-question-element.ts";
import type { DripEventMap } from "./events.ts";

export { DripError } from "./errors.ts";
export type * from "./events.ts";
export type * from "./types.ts";
export { DripQuestionElement };

declare global {
  interface HTMLElementTagNameMap {
    "drip-question": DripQuestionElement;
  }
  interface GlobalEventHandlersEventMap extends DripEventMap {}
}

// A page may load the script twice; the first one stays.
if (!customElements.get("drip-question")) customElements.define("drip-question", DripQuestionElement);
