/** Making elements without markup in strings: no text of a question can become HTML. */

type Attributes = Record<string, string | boolean | null | undefined>;

/** `true` sets a bare attribute; false, null and undefined set none. A part's name is its class as well. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string | null)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (typeof value === "string") made.setAttribute(name, value);
  }
  if (attributes["part"]) made.classList.add(String(attributes["part"]));
  made.append(...children.filter((child) => child !== null));
  return made;
}
