/** What the page knows of where a question stands. */

import type { AskReport } from "./types.ts";

const PHONE_WIDTH = 600; // CSS pixels of the shorter side

/** Without what follows the path: queries and fragments carry secrets and names. */
export function deviceReport(): AskReport {
  const isTouched = matchMedia("(pointer: coarse)").matches;
  const isSmall = Math.min(screen.width, screen.height) < PHONE_WIDTH;
  return { page: (location.origin + location.pathname).slice(0, 500), device: !isTouched ? "DESKTOP" : isSmall ? "PHONE" : "TABLET" };
}
