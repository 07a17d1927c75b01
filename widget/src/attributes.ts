/** The element's attributes: what is allowed, and what holds when one is missing or wrong. */

import { EXITS, type Exit } from "./card.ts";
import { endpointOfScript } from "./endpoint.ts";
import { DripError } from "./errors.ts";
import type { Question } from "./types.ts";

export const ATTRIBUTES = [
  "endpoint",
  "key",
  "placement",
  "locale",
  "mode",
  "theme",
  "exits",
  "delay",
  "storage",
  "signals",
  "token-url",
] as const;

export type AttributeName = (typeof ATTRIBUTES)[number];

/** The first of each is the default. */
const CHOICES = {
  mode: ["inline", "popover", "modal"],
  exits: EXITS,
  theme: ["auto", "light", "dark"],
  storage: ["local", "none"],
  signals: ["ignore", "respect"],
} as const;

export type Chosen<Name extends keyof typeof CHOICES> = (typeof CHOICES)[Name][number];

export const DEFAULT_PLACEMENT = "home";

/** Hears of every value that means nothing here. */
export type Warn = (name: string, written: string) => void;

/** What is written if that is one of the choices, else the default. */
export function choiceFrom<Name extends keyof typeof CHOICES>(name: Name, written: string | null, warn: Warn): Chosen<Name> {
  const allowed = CHOICES[name] as readonly string[];
  if (!written || allowed.includes(written)) return (written || allowed[0]) as Chosen<Name>;
  warn(name, written);
  return allowed[0] as Chosen<Name>;
}

/** A placement as the server spells it, or the default. */
export function placementFrom(written: string | null, warn: Warn): string {
  if (!written || /^[a-z][a-z0-9_-]{0,39}$/.test(written)) return written || DEFAULT_PLACEMENT;
  warn("placement", written);
  return DEFAULT_PLACEMENT;
}

/** The ways out of a question that its set offers and the page, which may name fewer. */
export function exitsFrom(written: string | null, { exits }: Question): readonly Exit[] {
  return EXITS.filter(
    (name) =>
      exits.includes(name.toUpperCase().replace("-", "_") as Question["exits"][number]) &&
      (written === null || written.split(" ").includes(name)),
  );
}

/** What is written, or the server that the script came from. Raises DripError BAD_CONFIGURATION when there is neither. */
export function endpointFrom(written: string | null, scriptUrl: string): string {
  const endpoint = written?.trim() || endpointOfScript(scriptUrl);
  if (!endpoint) throw new DripError("BAD_CONFIGURATION", "endpoint");
  return endpoint;
}
