/** Making elements without markup in strings: no text of a question can become HTML. */

export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** `true` sets a bare attribute; false, null and undefined set none. A part's name is its class as well. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string | null | undefined | false)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  mark(made, attributes);
  made.append(...(children.filter(Boolean) as (Node | string)[]));
  return made;
}

/** Sets more attributes. */
export function mark(made: Element, attributes: Attributes): void {
  // Own entries only: a page may have put names of its own on Object.prototype.
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(name, value === true ? "" : String(value));
    if (name === "part") made.classList.add(String(value));
  }
}
