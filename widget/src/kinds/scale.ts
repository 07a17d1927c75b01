/** A whole number on a short scale: numbers, stars or faces. */

import type { BuildControl, Choice } from "../controls.ts";
import { SCALE_TEXTS } from "./texts.ts";

const FACES = ["😞", "🙁", "😐", "🙂", "😀"];

/* A star is lit when it or one after it is chosen. */
const CSS = `
.options { grid: auto / auto-flow minmax(0, 1fr); gap: 0.25em; }
.options > label { position: relative; flex-direction: column; justify-content: center; gap: 0; padding-inline: 0; }
.options input { position: absolute; z-index: 1; inset: 0; inline-size: 100%; block-size: 100%; opacity: 0; }
.options i { font-size: 1.5em; font-style: normal; opacity: 0.75; }
.STARS label { border-color: transparent !important; background: none !important; }
.STARS label:has(:checked, ~ label > :checked) i { color: var(--_accent); opacity: 1; }
.ends { display: flex; justify-content: space-between; gap: 1em; font-size: 0.9em; color: var(--_quiet); }
@container (width < 26em) { .nps .options { grid: auto-flow / repeat(6, 1fr); } }`;

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
    css: CSS,
    parse(messages) {
      const [chosen] = control.read().texts;
      return chosen === undefined ? { message: messages.emptyChoice } : { value: Number(chosen) };
    },
  };
};
