/** Is this right? Yes, no, or what it should be. */

import { OTHER } from "../asking.ts";
import type { BuildControl, Choice } from "../controls.ts";
import { CONFIRM_TEXTS } from "./texts.ts";

export const build: BuildControl = ({ element, choices }, making) => {
  const { question } = making;
  const texts = { ...CONFIRM_TEXTS, ...making.texts };
  const held = question.confirm?.value;
  const offered: Choice[] = [
    { value: "right", label: texts.right },
    { value: "wrong", label: texts.wrong },
  ];
  const isNumber = typeof held === "number";
  // What is not one text or number can't be put right in one field.
  if (isNumber || typeof held === "string") {
    const field = element("input", {
      type: isNumber ? "number" : "text",
      step: isNumber && "any",
      part: "other",
      "aria-label": texts.edit,
      autocomplete: "off",
    });
    offered.push({ value: OTHER, label: texts.edit, field });
  }
  const control = choices(making, "radio", offered, element("p", { part: "claim", lang: question.language }, question.confirm?.text));
  return {
    ...control,
    css: ".claim { margin-block-start: 0.6em; font-size: 1.05em; } .options { grid-template-columns: none; }",
    parse(messages) {
      const { texts: [verdict, written = ""], isUnreadable } = control.read();
      if (verdict === "right") return { value: { verdict, value: held } };
      if (verdict === "wrong") return { value: { verdict } };
      if (verdict !== OTHER) return { message: messages.emptyChoice };
      const edited = isNumber ? Number(written) : written.trim();
      if (written.trim() === "" || isUnreadable) return { message: isNumber ? messages.emptyNumber : messages.emptyText };
      return { value: { verdict: "edit", value: edited } };
    },
  };
};
