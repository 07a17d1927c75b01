/** What every kind of question is drawn with: one field, or a group of options. */

import type { RawAnswer } from "./answer.ts";
import { OTHER } from "./asking.ts";
import { element, mark, type Attributes } from "./dom.ts";
import type { KindTexts } from "./kinds/texts.ts";
import type { Messages } from "./messages.ts";
import type { Texts } from "./texts.ts";
import type { AnswerValue, Question } from "./types.ts";

export interface Control {
  /** The prompt and the control, tied together as a label or a legend. */
  element: HTMLElement;
  read(): RawAnswer;
  /** Puts back what `read` gave as its texts. */
  fill(texts: string[]): void;
  focus(): void;
  markInvalid(isInvalid: boolean): void;
  /** For kinds that come with a part of their own. */
  parse?(messages: Messages): { value: AnswerValue } | { message: string };
  css?: string;
}

/** What a control is made from; `describedBy` are the ids of what explains the question. */
export interface Making {
  question: Question;
  texts: Texts & Partial<KindTexts>;
  /** To name countries in. */
  language: string;
  describedBy: string;
}

export type Input = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;
export type Choice = { value: string; label: string; mark?: Node; field?: Input };

/** What is lent to the parts that draw further kinds. */
export interface Kit {
  element: typeof element;
  field: typeof field;
  group: typeof group;
  choices: typeof choices;
  list: typeof list;
}

/** A kind that comes with a part of its own. */
export type BuildControl = (kit: Kit, making: Making) => Control;

export function field({ question, describedBy }: Making, made: Input): Control {
  mark(made, {
    id: "control",
    part: "control",
    "aria-describedby": describedBy,
    placeholder: question.placeholder,
    autocomplete: made.getAttribute("autocomplete") ?? "off",
  });
  return {
    element: element(
      "div",
      { class: `field ${classOf(question)}` },
      element("label", { for: "control", part: "prompt", lang: question.language }, question.prompt),
      made,
    ),
    read: () => ({ texts: made.value === "" ? [] : [made.value], isUnreadable: made.validity.badInput }),
    fill: ([text = ""]) => void (made.value = text),
    focus: () => made.focus(),
    markInvalid: (isInvalid) => made.setAttribute("aria-invalid", String(isInvalid)),
  };
}

export function group({ question, describedBy }: Making, role: string | false, ...children: Node[]): HTMLElement {
  return element(
    "fieldset",
    { class: classOf(question), part: "control", role, "aria-describedby": describedBy },
    element("legend", { part: "prompt", lang: question.language }, question.prompt),
    ...children,
  );
}

/** Of several options one or many; the one that has a field of its own is told with what is in the field. */
export function choices(making: Making, type: "radio" | "checkbox", offered: Choice[], ...before: Node[]): Control {
  const inputs = offered.map(({ value }) => element("input", { type, name: "control", value }));
  const own = offered.at(-1)?.field;
  const ownInput = own && inputs.at(-1);
  const made = group(
    making,
    // A fieldset is a group, which cannot be invalid; a radio group can (WAI-ARIA 1.2 §5.3).
    type === "radio" && "radiogroup",
    ...before,
    element(
      "div",
      { class: "options", lang: making.question.language },
      ...offered.map(({ label, mark }, index) => element("label", { part: "option" }, inputs[index], mark, element("span", {}, label))),
      own,
    ),
  );
  return {
    element: made,
    read: () => {
      const texts = inputs.filter(({ checked }) => checked).map(({ value }) => value);
      return ownInput?.checked ? { texts: [...texts, own!.value], isUnreadable: own!.validity.badInput } : { texts };
    },
    fill: (texts) => {
      for (const each of inputs) each.checked = texts.includes(each.value);
      if (ownInput?.checked) own!.value = texts.at(-1) ?? "";
    },
    focus: () => (ownInput?.checked ? own! : (inputs.find(({ checked }) => checked) ?? inputs[0]))?.focus(),
    markInvalid: (isInvalid) => {
      for (const marked of type === "radio" ? [made] : inputs) marked.setAttribute("aria-invalid", String(isInvalid));
    },
  };
}

/** The option that no option says, with a field to say it. */
export function ownChoice(label: string, attributes: Attributes = {}): Choice {
  const named = { type: "text", part: "other", "aria-label": label, autocomplete: "off", ...attributes };
  return { value: OTHER, label, field: element("input", named) };
}

export function list({ texts }: Making, offered: Choice[]): HTMLSelectElement {
  return element(
    "select",
    {},
    element("option", { value: "" }, texts.pick),
    ...offered.map(({ value, label }) => element("option", { value }, label)),
  );
}

function classOf({ kind }: Question): string {
  return kind.toLowerCase().replace(/_/g, "-");
}
