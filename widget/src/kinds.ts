/** How each kind of question is put. What is asked often is at hand; the rest comes when it is wanted. */

import { choices, field, group, list, ownChoice, type BuildControl, type Choice, type Control, type Making } from "./controls.ts";
import { element, type Attributes } from "./dom.ts";
import type { Question, QuestionKind } from "./types.ts";

/** Above it, a list to open takes less room than a list to look at. */
const MOST_RADIOS = 8;
/** Above it, an answer deserves more than one line. */
const LONG_TEXT = 200;

const KIT = { element, field, group, choices, list };

type Build = (making: Making) => Control | Promise<Control>;

const BUILDERS: Record<QuestionKind, Build> = {
  TEXT: (making) => ((making.question.maxLength ?? 0) > LONG_TEXT ? lines(making) : input({ type: "text" })(making)),
  LONG_TEXT: lines,
  NUMBER: input({ type: "number", step: "any", inputmode: "decimal" }),
  DATE: input({ type: "date" }),
  EMAIL: typed("email"),
  PHONE: typed("tel"),
  URL: typed("url"),
  BOOLEAN: (making) => yesOrNo(making, making.texts.yes, making.texts.no),
  CONSENT: (making) => yesOrNo(making, making.texts.agree, making.texts.disagree),
  SINGLE_CHOICE: (making) =>
    making.question.options.length > MOST_RADIOS && !making.question.hasOther
      ? field(making, list(making, making.question.options))
      : choices(making, "radio", options(making)),
  MULTI_CHOICE: (making) => choices(making, "checkbox", making.question.options),
  PICTURE_CHOICE: apart(() => import("./kinds/pictures.ts")),
  RATING: apart(() => import("./kinds/scale.ts")),
  NPS: apart(() => import("./kinds/scale.ts")),
  RANKING: apart(() => import("./kinds/ranking.ts")),
  COUNTRY: apart(() => import("./kinds/country.ts")),
  ADDRESS: apart(() => import("./kinds/address.ts")),
  CONFIRM: apart(() => import("./kinds/confirm.ts")),
};

export function buildControl(making: Making): Control | Promise<Control> {
  return BUILDERS[making.question.kind as QuestionKind](making);
}

/** Whether this version can ask it: the kind is known, and what it needs came along. */
export function isAskable({ kind, options, minimum, maximum, confirm, consent }: Question): boolean {
  if (!Object.hasOwn(BUILDERS, kind)) return false;
  if (/CHOICE|RANKING/.test(kind)) return options.length > 0;
  if (/RATING|NPS/.test(kind)) return minimum !== null && maximum !== null;
  return !/^CON/.test(kind) || Boolean(confirm ?? consent);
}

function apart(load: () => Promise<{ build: BuildControl }>): Build {
  return async (making) => (await load()).build(KIT, making);
}

function input(attributes: Attributes): (making: Making) => Control {
  return (making) => field(making, element("input", attributes));
}

function typed(type: string): Build {
  return input({ type, inputmode: type, autocomplete: type });
}

function lines(making: Making): Control {
  return field(making, element("textarea", { rows: 3 }));
}

function options({ question, texts }: Making): Choice[] {
  return question.hasOther ? [...question.options, ownChoice(texts.other)] : question.options;
}

function yesOrNo(making: Making, yes: string, no: string): Control {
  return choices(making, "radio", [
    { value: "true", label: yes },
    { value: "false", label: no },
  ]);
}
