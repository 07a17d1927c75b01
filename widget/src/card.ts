/** What a person sees: one question, a closing word, or nothing. Knows nothing of servers. */

import { hintFor, parseAnswer } from "./answer.ts";
import { buildControl, IDS, type Control } from "./controls.ts";
import { element } from "./dom.ts";
import { NOTHING, SHEET } from "./styles.ts";
import { TEXTS } from "./texts.ts";
import type { AnswerValue, Question } from "./types.ts";

export interface CardActions {
  onAnswer(value: AnswerValue): void;
  onSkip(): void;
}

export class Card {
  readonly #root: ShadowRoot;
  /** There from the start: a live region that arrives with its text stays unread. */
  readonly #status = element("p", { part: "status", role: "status" });
  readonly #place = element("div");
  #form: HTMLFormElement | null = null;
  #control: Control | null = null;
  #error: HTMLElement | null = null;
  #isBusy = false;

  constructor(root: ShadowRoot) {
    this.#root = root;
    root.append(this.#place, this.#status);
    this.clear();
  }

  /** `notice` is a word about the answer before, shown above the question. */
  ask(question: Question, notice: string | null, actions: CardActions): void {
    const help = [question.help, hintFor(question)].filter(Boolean).join(" ");
    const control = buildControl(question, help ? `${IDS.help} ${IDS.error}` : IDS.error);
    const error = element("p", { part: "error", id: IDS.error, "aria-live": "polite" });
    const form = element(
      "form",
      { part: "card", novalidate: true },
      notice ? element("p", { part: "notice" }, notice) : null,
      control.element,
      error,
      buttons(question, () => this.#isBusy || actions.onSkip()),
    );
    // Read after the prompt and before the control, in the order of the page.
    const prompt = control.element.querySelector(".prompt");
    if (help) prompt?.after(element("p", { part: "help", id: IDS.help }, help));

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#isBusy) this.#submit(question, actions);
    });
    this.#swap(form, () => control.focus());
    this.#form = form;
    this.#control = control;
    this.#error = error;
  }

  /** Stays where the question was, so that nobody inside loses their place. */
  close(words: string): void {
    const done = element("p", { part: "done", tabindex: "-1" }, words);
    this.#swap(element("div", { part: "card" }, done), () => done.focus());
  }

  clear(): void {
    this.#forget();
    this.#place.replaceChildren();
    this.#root.adoptedStyleSheets = [SHEET(), NOTHING()];
  }

  /** The answer is wrong; it stays as it was typed. */
  refuse(message: string): void {
    this.fail(message);
    this.#control?.markInvalid(message !== "");
    if (message) this.#control?.focus();
  }

  /** The answer may be right; sending it went wrong. */
  fail(message: string): void {
    this.#error?.replaceChildren(message);
  }

  /** Says so in place of disabling the buttons, which would throw the focus out. */
  setBusy(isBusy: boolean): void {
    this.#isBusy = isBusy;
    this.#form?.setAttribute("aria-busy", String(isBusy));
  }

  announce(words: string): void {
    this.#status.textContent = words;
  }

  #submit(question: Question, actions: CardActions): void {
    if (!this.#control) return;
    const parsed = parseAnswer(question, this.#control.read());
    this.refuse("message" in parsed ? parsed.message : "");
    if ("value" in parsed) actions.onAnswer(parsed.value);
  }

  /** The focus follows only a person who was inside. */
  #swap(shown: HTMLElement, focus: () => void): void {
    const wasInside = this.#root.activeElement !== null;
    this.#forget();
    this.#root.adoptedStyleSheets = [SHEET()];
    this.#place.replaceChildren(shown);
    if (wasInside) focus();
  }

  #forget(): void {
    this.#form = this.#control = this.#error = null;
  }
}

function buttons({ isSkippable }: Question, onSkip: () => void): HTMLElement {
  // The words sit in a span, which can take its colour from the button's own (see styles.ts).
  const save = element("button", { type: "submit", part: "submit" }, element("span", {}, TEXTS.save));
  const skip = element("button", { type: "button", part: "skip" }, TEXTS.skip);
  skip.addEventListener("click", onSkip);
  return element("div", { class: "actions", part: "actions" }, save, isSkippable ? skip : null);
}
