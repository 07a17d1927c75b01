/** Registers `<drip-question>`. The class alone is in drip-question-element.ts. */

import { DripQuestionElement } from "./drip-question-element.ts";
import { endpointFrom } from "./attributes.ts";
import { element } from "./dom.ts";
import type { DripEventMap } from "./events.ts";
import { localeOf, speechIn } from "./language.ts";
import { BaseElement } from "./reflecting.ts";
import { sharedConnection } from "./shared-connection.ts";
import { SHEET, sheetOf } from "./styles.ts";

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

/** The other elements come when a page has one. */
class LazyElement extends BaseElement {
  connectedCallback(): void {
    void import("./panel.ts").then(({ mount }) => mount(this, LENT));
  }
}

const LENT = {
  element,
  localeOf,
  speechIn,
  adopt: (root: ShadowRoot, css: string) => void (root.adoptedStyleSheets = [SHEET(), sheetOf(css)]),
  connect: (host: HTMLElement) => sharedConnection(endpointFrom(host.getAttribute("endpoint"), import.meta.url), host.getAttribute("key") ?? ""),
};

// A page may load the script twice; the first one stays. On a server there is no registry.
const registry = globalThis.customElements;
if (registry && !registry.get("drip-question")) {
  registry.define("drip-question", DripQuestionElement);
  registry.define("profile-panel", LazyElement);
  registry.define("profile-meter", class extends LazyElement {});
}
