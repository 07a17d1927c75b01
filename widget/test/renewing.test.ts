import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { createDripClient } from "../src/client.ts";

const NEXT = { state: "DONE", ask: null, until: null };
const VISIT = { id: "vis_1", number: 1, startedAt: "2026-01-01T00:00:00Z" };

function reply(viewerToken: string, query: string): object {
  const token = { viewerToken, expiresInSeconds: 900 };
  if (query.includes("renewViewerToken")) return { renewViewerToken: { __typename: "RenewViewerTokenSuccess", ...token } };
  const started = { __typename: "StartVisitSuccess", ...token, resumeToken: "resume", visit: VISIT, profile: { id: "prf_1", traits: {} }, next: NEXT };
  return query.includes("startVisit") ? { startVisit: started } : { nextQuestion: NEXT };
}

test("the next request goes out with the renewed token, and no listener hears of it", async () => {
  // The clock stands still as well: how long is left until the token ends is read off it.
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const asked: string[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const { query } = JSON.parse(String(init?.body)) as { query: string };
    asked.push(`${/(startVisit|renewViewerToken|nextQuestion)/.exec(query)?.[0]} ${new Headers(init?.headers).get("Authorization")}`);
    return Response.json({ data: reply(`viewer-${asked.length}`, query) });
  };
  const drip = createDripClient({ endpoint: "https://api.example", key: "pk_test", storage: null, session: null, page: null, opener: null, fetch });
  await drip.startVisit();
  const heard: string[] = [];
  drip.subscribe(({ type }) => heard.push(type));
  mock.timers.tick(839_999);
  assert.equal(asked.length, 1);
  mock.timers.tick(1);
  while (asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await drip.next();
  assert.deepEqual(asked, ["startVisit Bearer pk_test", "renewViewerToken Bearer pk_test", "nextQuestion Bearer viewer-2"]);
  assert.deepEqual(heard, []);
  mock.timers.reset();
});

test("a sign-in that failed is told to whoever subscribes later, until one succeeds", async () => {
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> =>
    Response.json({ data: reply("viewer", (JSON.parse(String(init?.body)) as { query: string }).query) });
  const page = {
    location: { href: "https://shop.example/#acquaint_error=access_denied", hash: "#acquaint_error=access_denied", pathname: "/", search: "" },
    history: { state: null, replaceState: () => void (page.location = { ...page.location, hash: "" }) },
  };
  const drip = createDripClient({ endpoint: "https://api.example", key: "pk_test", storage: null, session: null, page, opener: null, fetch });
  await drip.startVisit();
  const heard: string[] = [];
  drip.subscribe((notice) => notice.type === "error" && heard.push(notice.error.code));
  await Promise.resolve();
  assert.deepEqual(heard, ["SIGN_IN_FAILED"]);
  assert.equal(drip.signInError?.message, 'The sign-in ended with "access_denied".');
});
