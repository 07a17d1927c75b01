/** A server that answers as a test says, and a client of it. */

import { createDripClient, type DripClientOptions, type DripStorage } from "../src/client.ts";

export const NEXT = { state: "DONE", ask: null, until: null };
export const ENDPOINT = "https://api.example";

type Body = { query: string; variables: Record<string, unknown> };
type Busy = { status: number; retryAfter: number };
type Reply = object | Busy | number | "offline" | "html";

/** A server that answers from `replies`, one after the other, and remembers what it was asked. */
export function server(...replies: Reply[]) {
  const asked: { token: string; body: Body }[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    const { query, variables } = JSON.parse(String(init?.body)) as Body;
    // Mutations take one input; what is in it is what tests ask about.
    const given = (variables["input"] ?? variables) as Body["variables"];
    asked.push({ token: headers.get("Authorization")?.slice(7) ?? "", body: { query, variables: given } });
    const reply = replies.shift() ?? { data: {} };
    if (reply === "offline") throw new TypeError("Failed to fetch");
    if (reply === "html") return new Response("<h1>Hello</h1>", { status: 200 });
    if (typeof reply === "number") return new Response("{}", { status: reply });
    if ("retryAfter" in reply) return new Response("", { status: reply.status, headers: { "Retry-After": String(reply.retryAfter) } });
    return Response.json(reply, { status: "errors" in reply ? 401 : 200 });
  };
  return { asked, fetch };
}

export function started(name: string): object {
  return {
    data: {
      startVisit: {
        __typename: "StartVisitSuccess", viewerToken: `viewer-${name}`, resumeToken: `resume-${name}`,
        visit: { id: "vis_1", number: 1, startedAt: "2026-01-01T00:00:00Z" }, profile: { id: "prf_1", traits: {} }, next: NEXT,
      },
    },
  };
}

export const EXPIRED = { errors: [{ message: "expired", extensions: { code: "TOKEN_EXPIRED" } }] };
export const ANSWERED = { data: { result: { __typename: "AnswerQuestionSuccess", outcome: "ANSWERED", next: NEXT } } };

export function memory(): DripStorage & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => void values.set(name, value),
    removeItem: (name) => void values.delete(name),
  };
}

export function client(fetch: DripClientOptions["fetch"], options: Partial<DripClientOptions> = {}) {
  return createDripClient({
    endpoint: ENDPOINT, key: "pk_test", storage: memory(), session: memory(), page: null, wait: async () => {},
    ...(fetch ? { fetch } : {}), ...options,
  });
}
