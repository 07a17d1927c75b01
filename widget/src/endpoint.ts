/** Where the server is: from what a developer wrote to one base address. */

import { DripError } from "./errors.ts";

/**
 * The base address without a trailing slash: "https://api.example/graphql/" and "https://api.example" are the same.
 *
 * A relative address is resolved against `base`. Raises DripError BAD_CONFIGURATION.
 */
export function normaliseEndpoint(written: string, base?: string): string {
  const url = URL.canParse(written.trim(), base) ? new URL(written.trim(), base) : null;
  if (!/^https?:$/.test(url?.protocol ?? "")) throw new DripError("BAD_CONFIGURATION", `endpoint ${written}`);
  return url!.origin + url!.pathname.replace(/\/*(\/graphql)?\/*$/, "");
}

/** The server that served this script, when it came from a server's `/widget/` folder; else null. */
export function endpointOfScript(scriptUrl: string): string | null {
  const found = /^(https?:\/\/[^?#]*)\/widget\/[^/?#]+$/.exec(scriptUrl);
  return found?.[1] ?? null;
}
