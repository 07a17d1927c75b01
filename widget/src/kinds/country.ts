/** A country, from a list in the reader's language. */

import type { BuildControl } from "../controls.ts";
import { countries } from "./countries.ts";

export const build: BuildControl = ({ field, list }, making) => {
  const select = list(making, countries(making.language));
  select.setAttribute("autocomplete", "country");
  return {
    ...field(making, select),
    parse: (messages) => (select.value ? { value: select.value } : { message: messages.emptyChoice }),
  };
};
