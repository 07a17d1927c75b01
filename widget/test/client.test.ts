import assert from "node:assert/strict";
import { test } from "node:test";

import { createDripClient, type DripStorage } from "../src/client.ts";
import { ANSWERED, client, ENDPOINT, EXPIRED, memory, NEXT, server, started } from "./fake-server.ts";

test("the first question takes one request, and calls made meanwhile share the visit", async () => {
  const { asked, fetch } = server(started("a"));
  const drip = client(fetch);

  const [next, visit] = await Promise.all([drip.next("home"), drip.startVisit()]);

  assert.deepEqual(next, NEXT);
  assert.equal(visit.profile.id, "prf_1");
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.token, "pk_test");
});

test("the resume token is kept for the next load, the viewer token is not", async () => {
  const { fetch } = server(started("a"));
  const storage = memory();

  await client(fetch, { storage }).startVisit();

  assert.deepEqual([...storage.values.values()], ["resume-a"]);
});

test("an expired token is renewed once for all calls that wait, and each is sent again", async () => {
  const { asked, fetch } = server(started("a"), EXPIRED, EXPIRED, started("b"), ANSWERED, ANSWERED);
  const drip = client(fetch);
  await drip.startVisit();

  await Promise.all([drip.answer("ask_1", "x"), drip.answer("ask_2", "y")]);

  const visits = asked.filter(({ body }) => body.query.includes("startVisit"));
  assert.equal(visits.length, 2);
  assert.equal(visits[1]?.body.variables["resumeToken"], "resume-a");
  assert.deepEqual(asked.slice(-2).map(({ token }) => token), ["viewer-b", "viewer-b"]);
});

test("an answer that meets a dead network or a busy server is sent again under the same ask", async () => {
  const { asked, fetch } = server(started("a"), "offline", 503, 429, ANSWERED);
  const drip = client(fetch);
  await drip.startVisit();

  const result = await drip.answer("ask_1", "x");

  assert.equal(result.__typename, "AnswerQuestionSuccess");
  assert.deepEqual(asked.slice(1).map(({ body }) => body.variables["askId"]), ["ask_1", "ask_1", "ask_1", "ask_1"]);
});

test("a busy server is given the time that it asks for", async () => {
  const pauses: number[] = [];
  const { fetch } = server({ status: 429, retryAfter: 7 }, started("a"));

  await client(fetch, { wait: async (pause) => void pauses.push(pause) }).startVisit();

  assert.equal(pauses.length, 1);
  assert.ok(pauses[0]! > 7_000, `${pauses[0]} ms`);
});

test("a server that asks for more time than anybody waits is asked once", async () => {
  const { asked, fetch } = server({ status: 503, retryAfter: 60 }, started("a"));

  await assert.rejects(client(fetch).startVisit(), { code: "UNAVAILABLE", cause: 60 });

  assert.equal(asked.length, 1);
});

test("a server that stays away is given up on with a code", async () => {
  const { fetch } = server("offline", "offline", "offline", "offline");

  await assert.rejects(client(fetch).startVisit(), { code: "NETWORK" });
});

test("a page in place of GraphQL is not taken for an answer", async () => {
  const { fetch } = server("html");

  await assert.rejects(client(fetch).startVisit(), { code: "BAD_RESPONSE" });
});

test("a refused origin reaches the developer with the server's code", async () => {
  const { fetch } = server({ errors: [{ message: "no", extensions: { code: "ORIGIN_NOT_ALLOWED" } }] });

  await assert.rejects(client(fetch).startVisit(), { code: "ORIGIN_NOT_ALLOWED" });
});

test("a sign-in's code is exchanged with the verifier and taken out of the address", async () => {
  const session = memory();
  const page = {
    location: { href: "https://shop.example/", hash: "", pathname: "/", search: "" },
    history: { state: null, replaceState: () => void (page.location.hash = "") },
  };
  const before = client(server().fetch, { session, page });
  const url = new URL(await before.signInUrl("demo"));
  assert.equal(url.searchParams.get("return_to"), "https://shop.example/");
  assert.match(url.searchParams.get("challenge") ?? "", /^[\w-]{43}$/);

  page.location.hash = "#acquaint_code=once";
  const { asked, fetch } = server(started("a"));
  await client(fetch, { session, page }).startVisit();

  const { code, verifier } = asked[0]?.body.variables["signIn"] as { code: string; verifier: string };
  assert.equal(code, "once");
  assert.match(verifier, /^[\w-]{43}$/);
  assert.equal(page.location.hash, "");
  assert.equal(session.values.size, 0);
});

test("a code that this tab did not ask for signs nobody in", async () => {
  const page = {
    location: { href: "https://shop.example/#acquaint_code=theirs", hash: "#acquaint_code=theirs", pathname: "/", search: "" },
    history: { state: null, replaceState: () => {} },
  };
  const { asked, fetch } = server(started("a"));
  const errors: string[] = [];
  const drip = client(fetch, { page });
  drip.subscribe((notice) => notice.type === "error" && errors.push(notice.error.code));

  await drip.startVisit();

  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.body.variables["signIn"], null);
  assert.deepEqual(errors, ["SIGN_IN_FAILED"]);
});

test("a code that the server refuses falls back to an ordinary visit", async () => {
  const session = memory();
  session.setItem("acquaint:sign-in", `${"v".repeat(43)} ${ENDPOINT}|pk_test`);
  const page = {
    location: { href: "https://shop.example/#acquaint_code=late", hash: "#acquaint_code=late", pathname: "/", search: "" },
    history: { state: null, replaceState: () => {} },
  };
  const refused = { data: { startVisit: { __typename: "SignInCodeError", message: "late" } } };
  const { asked, fetch } = server(refused, started("a"));

  const visit = await client(fetch, { session, page }).startVisit();

  assert.equal(visit.profile.id, "prf_1");
  assert.equal(asked.length, 2);
});

test("signing out forgets the person even when the server is away", async () => {
  const storage = memory();
  const { asked, fetch } = server(started("a"), "offline", started("b"));
  const drip = client(fetch, { storage });
  await drip.startVisit();

  await drip.signOut();

  assert.equal(asked.at(-1)?.body.variables["resumeToken"], null);
  assert.deepEqual([...storage.values.values()], ["resume-b"]);
});

test("a profile that became part of another begins anew", async () => {
  const { fetch } = server(started("a"), { data: { nextQuestion: null } }, started("b"));
  const drip = client(fetch);
  await drip.startVisit();

  assert.deepEqual(await drip.next(), NEXT);
});

test("a key that is not publishable is refused before anything is sent", () => {
  assert.throws(() => createDripClient({ endpoint: ENDPOINT, key: "sk_secret" }), { code: "BAD_CONFIGURATION" });
});

test("a browser that denies storage still lets a person answer, and renews from memory", async () => {
  const denied: DripStorage = {
    getItem: () => { throw new DOMException("denied", "SecurityError"); },
    setItem: () => { throw new DOMException("full", "QuotaExceededError"); },
    removeItem: () => { throw new DOMException("denied", "SecurityError"); },
  };
  const { asked, fetch } = server(started("a"), EXPIRED, started("b"), ANSWERED);
  const drip = client(fetch, { storage: denied, session: denied });
  await drip.startVisit();

  const result = await drip.answer("ask_1", "x");

  assert.equal(result.__typename, "AnswerQuestionSuccess");
  assert.equal(asked[2]?.body.variables["resumeToken"], "resume-a");
});

test("a browser that denies storage is told so before the person leaves to sign in", async () => {
  const drip = client(server().fetch, { session: null });

  await assert.rejects(drip.signInUrl("demo", "https://shop.example/"), { code: "STORAGE_DENIED" });
});

test("links drawn beforehand for several providers carry one challenge", async () => {
  const drip = client(server().fetch);

  const urls = await Promise.all(["demo", "google"].map((name) => drip.signInUrl(name, "https://shop.example/#part")));

  const [first, second] = urls.map((url) => new URL(url));
  assert.equal(first?.searchParams.get("challenge"), second?.searchParams.get("challenge"));
  assert.equal(second?.pathname, "/auth/google/start");
  assert.equal(second?.searchParams.get("return_to"), "https://shop.example/");
});

test("the return of another client's sign-in is left in the address for it", async () => {
  const session = memory();
  session.setItem("acquaint:sign-in", `${"v".repeat(43)} ${ENDPOINT}|pk_other`);
  const page = {
    location: { href: "https://shop.example/#acquaint_code=c", hash: "#acquaint_code=c", pathname: "/", search: "" },
    history: { state: null, replaceState: () => assert.fail("the address was changed") },
  };
  const { asked, fetch } = server(started("a"));

  await client(fetch, { session, page }).startVisit();

  assert.equal(asked.length, 1);
  assert.equal(session.values.size, 1);
});

test("what one person wants is not done for another who came meanwhile", async () => {
  const another = JSON.parse(JSON.stringify(started("b")).replace("prf_1", "prf_2")) as object;
  const { asked, fetch } = server(started("a"), EXPIRED, another);
  const drip = client(fetch);
  await drip.startVisit();

  await assert.rejects(drip.request("mutation { erasePerson(input: {}) { __typename } }"), { code: "TOKEN_EXPIRED" });

  assert.equal(asked.filter(({ body }) => body.query.includes("erasePerson")).length, 1);
});

test("what was asked for by one person is not given to another who came meanwhile", async () => {
  const another = JSON.parse(JSON.stringify(started("b")).replace("prf_1", "prf_2")) as object;
  const { fetch } = server(started("a"), another, another);
  let arrive = (): void => undefined;
  const late = new Promise<void>((resolve) => (arrive = resolve));
  const drip = client(async (...request) => {
    if (!String(request[1]?.body).includes("nextQuestion(")) return fetch(...request);
    await late;
    return Response.json({ data: { nextQuestion: { state: "READY", ask: { id: "ask_of_a" }, until: null } } });
  });
  await drip.startVisit();

  const asking = drip.next();
  await drip.identify("eyJ-b");
  arrive();

  assert.equal((await asking).ask, null);
});

test("a host page's own query is sent once, because it may not be safe to repeat", async () => {
  const { asked, fetch } = server(started("a"), "offline");
  const drip = client(fetch);
  await drip.startVisit();

  await assert.rejects(drip.request("mutation { charge }"), { code: "NETWORK" });
  assert.equal(asked.length, 2);
});

test("resetting during a visit that is just beginning does not bring the old person back", async () => {
  const storage = memory();
  storage.setItem(`acquaint:resume:${ENDPOINT}|pk_test`, "resume-old");
  const { asked, fetch } = server(started("a"), started("b"));
  const drip = client(fetch, { storage });

  await Promise.all([drip.startVisit(), drip.reset()]);

  assert.deepEqual(asked.map(({ body }) => body.variables["resumeToken"]), ["resume-old", null]);
});
