import assert from "node:assert/strict";
import { test } from "node:test";

import { client, server } from "./fake-server.ts";
import { openPopup, popupOutcome, type Opener, type Popup } from "../src/sign-in-popup.ts";

const PAGE = { location: { href: "https://shop.example/", hash: "", pathname: "/", search: "" }, history: { state: null, replaceState: () => {} } };
const SERVER = "https://api.example";
const SLOT = "acquaint:resume:x";

/** A window that opens `popup` and tells its listeners what a test says. */
function opener(popup: Popup | null) {
  const listeners: Record<string, ((event: never) => void)[]> = { message: [], storage: [] };
  const page: Opener = {
    open: () => popup,
    addEventListener: (type: string, listener: (event: never) => void) => void listeners[type]?.push(listener),
  };
  const tell = (type: string, event: object) => listeners[type]?.forEach((listener) => listener(event as never));
  return { page, tell };
}

function waiting() {
  const popup: Popup = { location: { replace: () => {} }, close: () => {} };
  const { page, tell } = opener(popup);
  const giveUp = new AbortController();
  const outcome = popupOutcome(page, openPopup(page), SERVER, SLOT, giveUp.signal);
  return { popup, tell, giveUp, outcome };
}

const message = (fragment: unknown, source: unknown, origin = SERVER, type = "acquaint:sign-in") => ({ data: { type, fragment }, source, origin });

test("the server's page in the window that was opened says what came of it", async () => {
  const { popup, tell, outcome } = waiting();
  tell("message", message("#acquaint_code=sic_1", popup));
  assert.deepEqual(await outcome, { code: "sic_1" });
});

test("a failure comes back as well", async () => {
  const { popup, tell, outcome } = waiting();
  tell("message", message("#acquaint_error=access_denied", popup));
  assert.deepEqual(await outcome, { error: "access_denied" });
});

test("no other origin, window or message is believed", async () => {
  const { popup, tell, outcome } = waiting();
  tell("message", message("#acquaint_code=sic_evil", popup, "https://api.example.evil"));
  tell("message", message("#acquaint_code=sic_evil", popup, "http://api.example"));
  tell("message", message("#acquaint_code=sic_evil", {}));
  tell("message", message("#acquaint_code=sic_evil", null));
  tell("message", message("#acquaint_code=sic_evil", popup, SERVER, "other"));
  for (const data of [null, "text", 1, {}, { type: "acquaint:sign-in" }, { type: "acquaint:sign-in", fragment: 1 }]) {
    tell("message", { data, source: popup, origin: SERVER });
  }
  tell("message", message("#other=1", popup));
  tell("storage", { key: "another", newValue: "x" });
  tell("storage", { key: SLOT, newValue: null });
  tell("message", message("#acquaint_code=sic_1", popup));
  assert.deepEqual(await outcome, { code: "sic_1" });
});

test("a window that was cut off ends the sign-in by itself, and the slot tells of it", async () => {
  const { tell, outcome } = waiting();
  tell("storage", { key: SLOT, newValue: "rst_1" });
  assert.equal(await outcome, "elsewhere");
});

test("whoever gives up is told so", async () => {
  const { giveUp, outcome } = waiting();
  giveUp.abort();
  await assert.rejects(outcome, { code: "SIGN_IN_SUPERSEDED" });
});

test("a window that there is no sign-in for is closed, and the next sign-in has nothing to give up", async () => {
  let isClosed = false;
  const popup: Popup = { location: { replace: () => {} }, close: () => void (isClosed = true) };
  const drip = client(server().fetch, { session: null, opener: opener(popup).page, page: PAGE });

  for (const _ of [1, 2]) await assert.rejects(drip.signInWithPopup("demo"), { code: "STORAGE_DENIED" });

  assert.ok(isClosed);
});

test("a window that the browser blocks is an error with its reason", () => {
  assert.throws(() => openPopup(opener(null).page), { code: "POPUP_BLOCKED" });
});
