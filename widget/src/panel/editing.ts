/** The field in which a person corrects one value. */

import type { Lent } from "../panel.ts";
import type { KnownAttribute } from "./documents.ts";

export interface Editor {
  field: HTMLInputElement | HTMLSelectElement;
  read(): unknown;
}

const TYPES: Record<string, string> = { INTEGER: "number", NUMBER: "number", DATE: "date", EMAIL: "email", PHONE: "tel", URL: "url" };

/** Whether one field can hold a value of this type. */
export function isEditable({ definition: { type, personAccess } }: KnownAttribute): boolean {
  return personAccess === "READWRITE" && !/ADDRESS|MULTI_ENUM|DATETIME/.test(type);
}

export function editorOf({ element }: Lent, { label, value, definition }: KnownAttribute, words: { yes: string; no: string }): Editor {
  const { type } = definition;
  const booleans = [{ value: "true", label: words.yes }, { value: "false", label: words.no }];
  const options = type === "BOOLEAN" ? booleans : definition.options;
  if (options.length > 0) {
    const select = element("select", { "aria-label": label }, ...options.map((option) => element("option", { value: option.value }, option.label)));
    select.value = String(value);
    return { field: select, read: () => (type === "BOOLEAN" ? select.value === "true" : select.value) };
  }
  const input = element("input", { type: TYPES[type] ?? "text", step: "any", value: String(value), "aria-label": label, required: true });
  return { field: input, read: () => (TYPES[type] === "number" ? Number(input.value) : input.value) };
}
