/** One of several options, shown as pictures. */

import type { BuildControl } from "../controls.ts";

const CSS = `
.options { grid-template-columns: repeat(auto-fill, minmax(min(100%, 8em), 1fr)); }
.options > label { flex-direction: column; justify-content: center; text-align: center; }
.picture { inline-size: 100%; aspect-ratio: 4 / 3; object-fit: cover; border-radius: 0.4em; }`;

export const build: BuildControl = ({ element, choices }, making) => {
  const offered = making.question.options.map(({ value, label, picture }) =>
    picture === null
      ? { value, label }
      : { value, label, mark: element("img", { src: picture, alt: "", part: "picture", loading: "lazy", referrerpolicy: "no-referrer" }) },
  );
  const control = choices(making, "radio", offered);
  return {
    ...control,
    css: CSS,
    parse(messages) {
      const [value] = control.read().texts;
      return value === undefined ? { message: messages.emptyChoice } : { value };
    },
  };
};
