/** A postal address, line by line; each line is one that browsers know how to fill in. */

import type { BuildControl, Input } from "../controls.ts";
import type { AddressPart } from "../types.ts";
import { countries } from "./countries.ts";
import { ADDRESS_TEXTS } from "./texts.ts";

/** In the order in which most of the world writes them, with the tokens of HTML's autofill. */
const LINES: [AddressPart, string][] = [
  ["street_address", "street-address"],
  ["postal_code", "postal-code"],
  ["locality", "address-level2"],
  ["region", "address-level1"],
  ["country", "country"],
];

export const build: BuildControl = ({ element, group, list }, making) => {
  const texts = { ...ADDRESS_TEXTS, ...making.texts };
  const inputs = LINES.map(([part, token]) => {
    const made: Input = part === "country" ? list(making, countries(making.language)) : element("input", { type: "text" });
    made.setAttribute("autocomplete", token);
    // Else WebKit takes the list's own words for a part of its name.
    made.setAttribute("aria-label", texts[part]);
    return made;
  });
  const labels = LINES.map(([part], index) => element("label", { class: "field" }, texts[part], inputs[index]));
  return {
    element: group(making, false, ...labels),
    css: "label.field { display: block; margin-block-start: 0.85em; } label.field > :is(input, select) { margin-block-start: 0.2em; }",
    read: () => ({ texts: inputs.map(({ value }) => value) }),
    fill: (texts) => inputs.forEach((each, index) => void (each.value = texts[index] ?? "")),
    focus: () => inputs[0]?.focus(),
    markInvalid: (isInvalid) => inputs.forEach((each) => each.setAttribute("aria-invalid", String(isInvalid))),
    parse(messages) {
      const lines = LINES.map(([part], index) => [part, inputs[index]?.value.trim() ?? ""]).filter(([, line]) => line);
      return lines.length > 0 ? { value: Object.fromEntries(lines) } : { message: messages.emptyAddress };
    },
  };
};
