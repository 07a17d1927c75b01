/** Properties that are attributes, as HTML's own elements have them. */

/** A server that renders a page has no elements; importing the class there is harmless. */
export const BaseElement: typeof HTMLElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** Gives a class one property for each attribute: `token-url` is `tokenUrl`. Null takes the attribute away. */
export function reflect({ prototype }: { prototype: HTMLElement }, attributes: readonly string[]): void {
  for (const name of attributes) {
    Object.defineProperty(prototype, propertyOf(name), {
      // A page may have put names of its own on Object.prototype, which a descriptor would have as well.
      __proto__: null,
      get(this: HTMLElement) {
        return this.getAttribute(name);
      },
      set(this: HTMLElement, value: unknown) {
        if (value === null || value === undefined) this.removeAttribute(name);
        else this.setAttribute(name, String(value));
      },
    } as PropertyDescriptor);
  }
}

/** Takes over what a framework set before the element was defined. */
export function takeOver(element: HTMLElement, attributes: readonly string[]): void {
  const own = element as unknown as Record<string, unknown>;
  for (const property of attributes.map(propertyOf)) {
    if (!Object.hasOwn(own, property)) continue;
    const value = own[property];
    delete own[property];
    own[property] = value;
  }
}

function propertyOf(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
