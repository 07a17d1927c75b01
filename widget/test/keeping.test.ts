import assert from "node:assert/strict";
import { test } from "node:test";

import { ANSWERED, client, memory, NEXT, server, started } from "./fake-server.ts";

const KEPT = "acquaint:kept:https://api.example|pk_test";

for (const trouble of ["offline", 503] as const) test(`an answer that meets trouble (${trouble}) for long is kept, and sent under the same ask after it`, async () => {
  const storage = memory();
  const { asked, fetch } = server(started("a"), trouble, trouble, trouble, trouble, ANSWERED);
  const handled: [string, boolean][] = [];
  const drip = client(fetch, { storage });
  drip.subscribe((notice) => notice.type === "handled" && handled.push([notice.parcel.askId, notice.isLate]));
  await drip.startVisit();

  const result = await drip.answer("ask_1", "x");
  await drip.flush();

  assert.equal(result.__typename, "Kept");
  assert.deepEqual(handled, [["ask_1", true]]);
  assert.deepEqual(new Set(asked.slice(1).map(({ body }) => body.variables["askId"])), new Set(["ask_1"]));
  assert.equal(storage.getItem(KEPT), null);
});

test("what an earlier page could not send goes before the first question is asked for", async () => {
  const storage = memory();
  storage.setItem(KEPT, JSON.stringify([{ act: "answer", askId: "ask_1", value: "x", profileId: "prf_1" }]));
  const next = { data: { nextQuestion: { state: "RESTING", ask: null, until: null } } };
  const { asked, fetch } = server(started("a"), ANSWERED, next);

  const found = await client(fetch, { storage }).next();

  assert.equal(found.state, "RESTING");
  assert.deepEqual(asked.map(({ body }) => body.variables["askId"]), [undefined, "ask_1", undefined]);
  assert.equal(storage.getItem(KEPT), null);
});

test("what is kept is sent though no visit has begun", async () => {
  const storage = memory();
  storage.setItem(KEPT, JSON.stringify([{ act: "answer", askId: "ask_1", value: "x", profileId: "prf_1" }]));
  const { asked, fetch } = server(started("a"), ANSWERED);

  await client(fetch, { storage }).flush();

  assert.deepEqual(asked.map(({ body }) => body.variables["askId"]), [undefined, "ask_1", undefined]);
  assert.equal(storage.getItem(KEPT), null);
});

test("what a stranger said goes before they become somebody", async () => {
  const { asked, fetch } = server(started("a"), "offline", "offline", "offline", "offline", ANSWERED, started("b"));
  const drip = client(fetch);
  await drip.startVisit();
  await drip.answer("ask_1", "x");

  await drip.identify("eyJ-ada");

  assert.deepEqual(asked.slice(-2).map(({ body }) => body.variables["askId"] ?? body.variables["identityToken"]), ["ask_1", "eyJ-ada"]);
});

test("what somebody else left in this browser is never sent", async () => {
  const storage = memory();
  storage.setItem(KEPT, JSON.stringify([{ act: "answer", askId: "ask_1", value: "x", profileId: "prf_other" }]));
  const { asked, fetch } = server(started("a"), { data: { nextQuestion: NEXT } });

  await client(fetch, { storage }).startVisit();

  assert.equal(asked.some(({ body }) => body.query.includes("answerQuestion")), false);
  assert.equal(storage.getItem(KEPT), null);
});

test("a page that forbids storage keeps nothing, until it allows it", async () => {
  const storage = memory();
  const drip = client(server(started("a")).fetch, { storage });
  drip.mayStore = false;
  await drip.startVisit();
  assert.equal(storage.values.size, 0);

  drip.mayStore = true;

  assert.deepEqual([...storage.values.values()], ["resume-a"]);
});

test("elements that ask for the same place at once share the request", async () => {
  const { asked, fetch } = server(started("a"), { data: { nextQuestion: NEXT } });
  const drip = client(fetch);
  await drip.startVisit();

  await Promise.all(Array.from({ length: 50 }, () => drip.next("home")));

  assert.equal(asked.length, 2);
});

test("every way out of an ask is a mutation of its own", async () => {
  const { asked, fetch } = server(started("a"), ANSWERED, ANSWERED, ANSWERED, ANSWERED);
  const drip = client(fetch);
  await drip.startVisit();

  await drip.skip("ask_1");
  await drip.decline("ask_2");
  await drip.decline("ask_3", true);
  await drip.dismiss("ask_4");

  const sent = asked.slice(1).map(({ body }) => [/result: (\w+)/.exec(body.query)?.[1], body.variables["isNotApplicable"]]);
  assert.deepEqual(sent, [
    ["skipQuestion", undefined],
    ["declineQuestion", false],
    ["declineQuestion", true],
    ["dismissQuestion", undefined],
  ]);
});

test("an identity token begins a visit once, and one that is refused leaves the visitor nobody", async () => {
  const refused = { data: { startVisit: { __typename: "IdentityTokenError", message: "exp: the token has ended" } } };
  const { asked, fetch } = server(started("a"), started("b"), refused, started("c"));
  const drip = client(fetch);
  const errors: string[] = [];
  drip.subscribe((notice) => notice.type === "error" && errors.push(notice.error.code));
  await drip.startVisit();

  await drip.identify("eyJ-good");
  await drip.identify("eyJ-late");

  assert.deepEqual(asked.map(({ body }) => body.variables["identityToken"]), [null, "eyJ-good", "eyJ-late", null]);
  assert.deepEqual(errors, ["IDENTITY_TOKEN_INVALID"]);
});

test("a page with a source of identity tokens begins its visit with one", async () => {
  const { asked, fetch } = server(started("a"), { data: { nextQuestion: NEXT } });
  const drip = client(fetch);
  drip.tokenSource = async () => "eyJ-good";

  await drip.next();

  assert.equal(asked[0]?.body.variables["identityToken"], "eyJ-good");
});
