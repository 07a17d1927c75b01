/** Every option, best first: a list whose rows move up and down by buttons, which every keyboard and finger can press. */

import type { BuildControl } from "../controls.ts";
import { filled } from "../texts.ts";
import { RANKING_TEXTS } from "./texts.ts";

const CSS = `
ol { display: grid; gap: 0.4em; margin: 0.85em 0 0; padding: 0; counter-reset: place; }
li { display: flex; gap: 0.4em; align-items: center; padding: 0.25em 0.5em; border: 1px solid var(--_line); border-radius: var(--_inner);
  counter-increment: place; }
li::before { content: counter(place); min-inline-size: 1.2em; color: var(--_quiet); }
li > span { flex: 1; }`;

export const build: BuildControl = ({ element, group }, making) => {
  const { question } = making;
  const texts = { ...RANKING_TEXTS, ...making.texts };
  const said = element("p", { class: "hidden", role: "status" });
  const ranks = element("ol", { lang: question.language });
  const valueOf = new Map<Element, string>(question.options.map(({ value, label }) => [row(label), value]));

  function row(label: string): HTMLElement {
    const made = element("li", { part: "option" }, element("span", {}, label), mover(-1), mover(1));
    function mover(by: 1 | -1): HTMLElement {
      const name = filled(by < 0 ? texts.up : texts.down, label);
      const button = element("button", { type: "button", part: "move", "aria-label": name }, by < 0 ? "↑" : "↓");
      button.addEventListener("click", () => {
        if (by < 0) made.previousElementSibling?.before(made);
        else made.nextElementSibling?.after(made);
        button.focus();
        said.textContent = filled(texts.place, label, [...ranks.children].indexOf(made) + 1, valueOf.size);
        made.dispatchEvent(new Event("input", { bubbles: true }));
      });
      return button;
    }
    return made;
  }

  const values = (): string[] => [...ranks.children].map((made) => valueOf.get(made) ?? "");
  ranks.append(...valueOf.keys());
  return {
    element: group(making, false, ranks, said),
    css: CSS,
    read: () => ({ texts: values() }),
    fill: (texts) => texts.forEach((text) => valueOf.forEach((value, made) => value === text && ranks.append(made))),
    focus: () => ranks.querySelector("button")?.focus(),
    markInvalid: () => undefined,
    parse: () => ({ value: values() }),
  };
};
