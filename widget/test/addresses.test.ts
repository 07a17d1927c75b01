import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { endpointOfScript, normaliseEndpoint } from "../src/endpoint.ts";
import { challengeOf, createVerifier } from "../src/proof.ts";
import { readSignInReturn, takeSignInReturn } from "../src/sign-in-return.ts";
import { createSlot } from "../src/slot.ts";

test("an endpoint means the same with and without /graphql and slashes", () => {
  for (const written of ["https://api.example", "https://api.example/", " https://api.example/graphql/ "]) {
    assert.equal(normaliseEndpoint(written), "https://api.example");
  }
  assert.equal(normaliseEndpoint("/acquaint", "https://shop.example/page"), "https://shop.example/acquaint");
});

test("an endpoint that is no web address is refused in words", () => {
  for (const written of ["", "api.example", "javascript:alert(1)", "ftp://api.example"]) {
    assert.throws(() => normaliseEndpoint(written), { code: "BAD_CONFIGURATION" }, written);
  }
});

test("a script from a server's widget folder knows its server", () => {
  assert.equal(endpointOfScript("https://api.example/widget/drip-question.js"), "https://api.example");
  assert.equal(endpointOfScript("https://cdn.example/drip-question.js"), null);
  assert.equal(endpointOfScript("file:///widget/drip-question.js"), null);
});

test("a sign-in's return is taken out of the fragment, and the page's own part stays", () => {
  assert.deepEqual(readSignInReturn("#tab=2&acquaint_code=abc"), { outcome: { code: "abc" }, rest: "#tab=2" });
  assert.deepEqual(readSignInReturn("#acquaint_error=access_denied"), { outcome: { error: "access_denied" }, rest: "" });
  assert.equal(readSignInReturn("#acquaint_codec=1"), null);

  const replaced: string[] = [];
  const page = {
    location: { href: "https://x.example/a?b#acquaint_code=1", hash: "#acquaint_code=1", pathname: "/a", search: "?b" },
    history: { state: null, replaceState: (_: unknown, __: string, url?: string | URL | null) => void replaced.push(String(url)) },
  };
  assert.deepEqual(takeSignInReturn(page), { code: "1" });
  assert.deepEqual(replaced, ["/a?b"]);
});

test("the challenge is the SHA-256 of the verifier in unpadded base64url", async () => {
  const verifier = createVerifier();
  assert.match(verifier, /^[\w-]{43}$/);
  assert.equal(await challengeOf(verifier), createHash("sha256").update(verifier).digest("base64url"));
});

test("storage that throws leaves the value in memory", () => {
  const denied = createSlot("name", () => { throw new Error("SecurityError"); });
  assert.equal(denied.write("kept"), false);
  assert.equal(denied.read(), "kept");
  denied.clear();
  assert.equal(denied.read(), null);
});
