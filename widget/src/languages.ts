/** The languages that the widget speaks beside English: each comes when it is wanted. */

import type { Speech, Words } from "./language.ts";

const LOADERS: Record<string, () => Promise<{ default: Words }>> = {
  ar: () => import("./locales/ar.ts"),
  de: () => import("./locales/de.ts"),
  es: () => import("./locales/es.ts"),
  fr: () => import("./locales/fr.ts"),
  he: () => import("./locales/he.ts"),
  it: () => import("./locales/it.ts"),
  ja: () => import("./locales/ja.ts"),
  ko: () => import("./locales/ko.ts"),
  nl: () => import("./locales/nl.ts"),
  pl: () => import("./locales/pl.ts"),
  pt: () => import("./locales/pt.ts"),
  sv: () => import("./locales/sv.ts"),
  tr: () => import("./locales/tr.ts"),
  uk: () => import("./locales/uk.ts"),
  zh: () => import("./locales/zh.ts"),
};

/** The words of the language of a tag such as pt-BR; null where there are none. */
export async function find(locale: string): Promise<Speech | null> {
  const language = locale.split(/[-_]/)[0]!.toLowerCase();
  if (!Object.hasOwn(LOADERS, language)) return null;
  const { default: texts } = await LOADERS[language]!();
  return { language, texts, direction: /^(ar|he)$/.test(language) ? "rtl" : "ltr" };
}
