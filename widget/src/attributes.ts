/** The element's attributes: what is allowed, and what holds when one is missing or wrong. */

import { endpointOfScript } from "./endpoint.ts";
import { DripError } from "./errors.ts";

export const ATTRIBUTES = ["endpoint", "key", "placement"] as const;

export type AttributeName = (typeof ATTRIBUTES)[number];

export const DEFAULT_PLACEMENT = "home";

/** A placement as the server spells it, or the default. */
export function placementFrom(written: string | null): string {
  return written && /^[a-z][a-z0-9_-]{0,39}$/.test(written) ? written : DEFAULT_PLACEMENT;
}

/** What is written, or the server that the script came from. Raises DripError BAD_CONFIGURATION when there is neither. */
export function endpointFrom(written: string | null, scriptUrl: string): string {
  const endpoint = written?.trim() || endpointOfScript(scriptUrl);
  if (!endpoint) throw new DripError("BAD_CONFIGURATION", "The endpoint attribute is missing.");
  return endpoint;
}
