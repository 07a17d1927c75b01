/** One GraphQL request over fetch: data, or a DripError that says what went wrong. */

import { DripError } from "./errors.ts";

export type Post = (token: string, query: string, variables: object) => Promise<unknown>;

const TIMEOUT_MS = 15_000;
/** Browsers refuse a request that outlives its page above 64 KiB; a character has up to three bytes. */
const KEEPALIVE_CHARACTERS = 20_000;

interface Payload {
  data?: unknown;
  errors?: { message?: string; extensions?: { code?: string } }[];
}

export function createPost(url: string, fetch: typeof globalThis.fetch): Post {
  return async (token, query, variables) => {
    const body = JSON.stringify({ query, variables });
    let response: Response;
    try {
      response = await fetch(url, {
        // A page may have put names of its own on Object.prototype, which fetch would read.
        __proto__: null,
        method: "POST",
        headers: { __proto__: null, "Content-Type": "application/json", Authorization: `Bearer ${token}` } as unknown as HeadersInit,
        body,
        credentials: "omit",
        // An answer survives that the person leaves the page at once.
        keepalive: body.length < KEEPALIVE_CHARACTERS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      } as RequestInit);
    } catch (cause) {
      throw new DripError("NETWORK", url, cause);
    }
    return dataOf(response, url);
  };
}

async function dataOf(response: Response, url: string): Promise<unknown> {
  const payload: Payload | null = await response.json().catch(() => null);
  // Too many requests, or a gateway without its server: the same request may work in a moment.
  if (/429|50[234]/.test(`${response.status}`)) {
    throw new DripError("UNAVAILABLE", `${response.status} ${url}`, Number(response.headers.get("Retry-After")));
  }

  const error = payload?.errors?.[0];
  if (error) throw new DripError(error.extensions?.code ?? "GRAPHQL", error.message ?? "", payload);
  if (!response.ok || typeof payload?.data !== "object" || !payload.data) {
    throw new DripError("BAD_RESPONSE", `${response.status} ${url}`);
  }
  return payload.data;
}
