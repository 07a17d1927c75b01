/** What a person sees: one question, a word to close with, or nothing. Knows nothing of servers. */

import { hintFor } from "./asking.ts";
import type { Control } from "./controls.ts";
import { buildControl } from "./kinds.ts";
import { element } from "./dom.ts";
import { NOTHING, SHEET, sheetOf } from "./styles.ts";
import { filled, type Texts } from "./texts.ts";
import type { Ask } from "./types.ts";

/** What a button stands for. */
export type Act = "submit" | "back" | Exit;
/** The ways out of a question, in the order in which they are drawn. */
export const EXITS = ["skip", "decline", "not-applicable", "close"] as const;
export type Exit = (typeof EXITS)[number];

export interface Asked {
  ask: Ask;
  texts: Texts;
  language: string;
  exits: readonly Exit[];
  canGoBack: boolean;
  /** A word about the answer before, shown above the question. */
  notice: string | null;
}

export class Card {
  readonly root: ShadowRoot;
  /** Lent to the parts. */
  readonly make = element;
  /** Where the card hangs; a popover puts it elsewhere. */
  readonly place = element("div", { class: "place" });
  /** There from the start: a live region that arrives with its text stays unread. */
  readonly status = element("p", { class: "hidden", part: "status", role: "status" });
  /** More styles than the first: what came later brings its own. */
  css = "";
  form: HTMLFormElement | null = null;
  control: Control | null = null;
  error: HTMLElement | null = null;
  /** The server has not spoken yet; buttons stay enabled, which keeps the focus where it is. */
  isBusy = false;
  /** What a popover does when the element comes back into the page. */
  declare reopen?: () => void;
  #turn = 0;

  constructor(root: ShadowRoot) {
    this.root = root;
    root.append(this.place, this.status);
    this.clear();
  }

  /** Some kinds come with a part of their own: until then what was on show stays, and false if it was replaced meanwhile. */
  async ask(asked: Asked, onAct: (act: Act) => void): Promise<boolean> {
    const { ask, texts, language, notice } = asked;
    const { question } = ask;
    const consent = question.consent && question.consent.text !== question.help ? question.consent.text : null;
    const help = [question.help, consent, hintFor(question, texts)].filter(Boolean).join(" ");
    const turn = ++this.#turn;
    const making = { question, texts, language, describedBy: help ? "help error" : "error" };
    const control = await buildControl(making);
    if (turn !== this.#turn) return false;
    const error = element("p", { part: "error", id: "error", "aria-live": "polite" });
    const form = element(
      "form",
      { part: "card", novalidate: true },
      progress(asked),
      notice && element("p", { part: "notice" }, notice),
      control.element,
      error,
      question.why && element("details", { part: "why", lang: question.language }, element("summary", {}, texts.why), element("bdi", {}, question.why)),
      ...buttons(asked),
    );
    // Read after the prompt and before the control, in the order of the page.
    if (help) control.element.querySelector(".prompt")?.after(element("p", { part: "help", id: "help", lang: question.language }, help));

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.isBusy) onAct("submit");
    });
    form.addEventListener("click", ({ target, detail }) => {
      const act = (target as Element).closest<HTMLElement>("[data-act]")?.dataset["act"];
      // The second half of a double click may meet the next question.
      if (act && detail < 2 && !this.isBusy) onAct(act as Act);
    });
    this.show(form, () => control.focus(), control.css);
    this.form = form;
    this.control = control;
    this.error = error;
    return true;
  }

  clear(): void {
    this.#forget();
    this.place.replaceChildren();
    this.root.adoptedStyleSheets = [SHEET(), NOTHING()];
  }

  /** Sending the answer went wrong, or the answer is. */
  fail(message: string): void {
    this.error?.replaceChildren(message);
  }

  /** The focus follows only a person who was inside. */
  show(shown: HTMLElement, focus: () => void, css = ""): void {
    const wasInside = this.root.activeElement !== null;
    this.#forget();
    this.root.adoptedStyleSheets = [SHEET(), sheetOf(this.css), sheetOf(css)];
    this.place.replaceChildren(shown);
    if (wasInside) focus();
  }

  #forget(): void {
    this.#turn++;
    this.form = this.control = this.error = null;
  }
}

function progress({ ask: { step }, texts }: Asked): Node | false {
  if (!step || step.total < 2) return false;
  const words = filled(texts.step, step.number, step.total);
  return element("progress", { part: "progress", "aria-label": words, max: step.total, value: step.number - 1 });
}

function buttons({ ask: { question }, texts, exits, canGoBack }: Asked): (Node | false)[] {
  // The words sit in a span, which can take its colour from the button's own (see card.css).
  const save = element("button", { type: "submit", part: "submit" }, element("span", {}, question.submitLabel ?? texts.save));
  const act = (name: Act, words: string, more = {}): HTMLElement =>
    element("button", { type: "button", part: name, "data-act": name, ...more }, words);
  const offered = (name: Exit, words: string): HTMLElement | false =>
    exits.includes(name) && act(name, words);
  const quiet = [
    offered("decline", question.declineLabel ?? texts.decline),
    offered("not-applicable", texts.notApplicable),
  ];
  return [
    element(
      "div",
      { part: "actions" },
      save,
      offered("skip", question.skipLabel ?? texts.skip),
      canGoBack && act("back", texts.back),
    ),
    quiet.some(Boolean) && element("div", { part: "exits" }, ...quiet),
    exits.includes("close") && act("close", "×", { "aria-label": texts.close }),
  ];
}
