/** A whole number on a short scale: numbers, stars or faces. */

import type { BuildControl, Choice } from "../controls.ts";
import css from "./scale.css";
import { SCALE_TEXTS } from "./texts.ts";

const FACES = ["😞", "🙁", "😐", "🙂", "😀"];

export const build: BuildControl = ({ element, choices }, making) => {
  const { question } = making;
  const texts = { ...SCALE_TEXTS, ...making.texts };
  const { kind, ratingStyle } = question;
  const [least, most] = [question.minimum ?? 0, question.maximum ?? 0];
  const offered = Array.from({ length: most - least + 1 }, (_, index): Choice => {
    const face = FACES[Math.round((index / Math.max(most - least, 1)) * (FACES.length - 1))];
    const mark = ratingStyle === "STARS" ? "★" : ratingStyle === "EMOJI" ? face : null;
    const label = `${least + index}`;
    return mark ? { value: label, label, mark: element("i", { "aria-hidden": "true" }, mark) } : { value: label, label };
  });
  const control = choices(making, "radio", offered);
  if (ratingStyle) control.element.classList.add(ratingStyle);
  if (kind === "NPS") {
    const ends = [texts.unlikely, texts.likely].map((words) => element("span", {}, words));
    control.element.append(element("div", { part: "ends" }, ...ends));
  }
  return {
    ...control,
    css,
    parse(messages) {
      const [chosen] = control.read().texts;
      return chosen === undefined ? { message: messages.emptyChoice } : { value: Number(chosen) };
    },
  };
};
