/** One native control for each kind of question. */

import type { RawAnswer } from "./answer.ts";
import { element } from "./dom.ts";
import { TEXTS } from "./texts.ts";
import type { Question, QuestionKind, QuestionOption } from "./types.ts";

/** The ids that a control is tied to, unique within the shadow root. */
export const IDS = { control: "control", help: "help", error: "error" };

export interface Control {
  /** The prompt and the control, tied together as a label or a legend. */
  element: HTMLElement;
  read(): RawAnswer;
  focus(): void;
  markInvalid(isInvalid: boolean): void;
}

/** Above it, a list to open takes less room than a list to look at. */
const MOST_RADIOS = 8;
/** Above it, an answer deserves more than one line. */
const LONG_TEXT = 200;

type Builder = (question: Question, describedBy: string) => Control;

const BUILDERS: Record<QuestionKind, Builder> = {
  TEXT: (question, describedBy) =>
    (question.maxLength ?? 0) > LONG_TEXT
      ? field(question, describedBy, element("textarea", { rows: "3" }))
      : field(question, describedBy, element("input", { type: "text" })),
  NUMBER: (question, describedBy) =>
    field(question, describedBy, element("input", { type: "number", step: "any", inputmode: "decimal" })),
  DATE: (question, describedBy) => field(question, describedBy, element("input", { type: "date" })),
  BOOLEAN: (question, describedBy) =>
    choices(question, describedBy, "radio", [
      { value: "true", label: TEXTS.yes },
      { value: "false", label: TEXTS.no },
    ]),
  SINGLE_CHOICE: (question, describedBy) =>
    question.options.length > MOST_RADIOS
      ? field(question, describedBy, list(question.options))
      : choices(question, describedBy, "radio", question.options),
  MULTI_CHOICE: (question, describedBy) => choices(question, describedBy, "checkbox", question.options),
};

/** `describedBy`: the ids of what explains the question. */
export function buildControl(question: Question, describedBy: string): Control {
  return BUILDERS[question.kind as QuestionKind](question, describedBy);
}

function field(
  { prompt, placeholder, kind }: Question,
  describedBy: string,
  input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement,
): Control {
  input.id = IDS.control;
  input.setAttribute("part", "control");
  input.setAttribute("aria-describedby", describedBy);
  if (placeholder) input.setAttribute("placeholder", placeholder);
  return {
    element: element(
      "div",
      { class: `field ${kind.toLowerCase()}` },
      element("label", { for: IDS.control, part: "prompt" }, prompt),
      input,
    ),
    read: () => ({ texts: input.value === "" ? [] : [input.value], isUnreadable: input.validity.badInput }),
    focus: () => input.focus(),
    markInvalid: (isInvalid) => input.setAttribute("aria-invalid", String(isInvalid)),
  };
}

function choices(
  { prompt, kind }: Question,
  describedBy: string,
  type: "radio" | "checkbox",
  options: QuestionOption[],
): Control {
  const inputs = options.map(({ value }) => element("input", { type, name: IDS.control, value }));
  const group = element(
    "fieldset",
    // A fieldset is a group, which cannot be invalid; a radio group can (WAI-ARIA 1.2 §5.3).
    { class: kind.toLowerCase(), part: "control", role: type === "radio" && "radiogroup", "aria-describedby": describedBy },
    element("legend", { part: "prompt" }, prompt),
    element(
      "div",
      { class: "options" },
      ...inputs.map((input, index) => element("label", { part: "option" }, input, element("span", {}, options[index]?.label ?? ""))),
    ),
  );
  return {
    element: group,
    read: () => ({ texts: inputs.filter((input) => input.checked).map((input) => input.value) }),
    focus: () => (inputs.find((input) => input.checked) ?? inputs[0])?.focus(),
    markInvalid: (isInvalid) => {
      for (const marked of type === "radio" ? [group] : inputs) marked.setAttribute("aria-invalid", String(isInvalid));
    },
  };
}

function list(options: QuestionOption[]): HTMLSelectElement {
  return element(
    "select",
    {},
    element("option", { value: "" }, TEXTS.pick),
    ...options.map(({ value, label }) => element("option", { value }, label)),
  );
}
