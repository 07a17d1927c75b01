/** What a visitor's browser has to load: the budget of the widget, in bytes of gzip -9. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", DIST), "utf8")) as Record<string, string>;

function weight(part: string): number {
  const name = Object.keys(manifest).find((each) => each.startsWith(part));
  assert.ok(name, `${part} is not in the build`);
  return gzipSync(readFileSync(new URL(manifest[name]!, DIST)), { level: 9 }).length;
}

const KINDS = ["address-", "confirm-", "country-", "pictures-", "ranking-", "scale-"];

test("what loads first weighs at most 9 kB", () => {
  assert.ok(weight("drip-question.js") <= 9_000, `${weight("drip-question.js")} bytes`);
});

test("what one answer of any kind needs weighs at most 14 kB", () => {
  const kind = Math.max(...KINDS.map(weight));
  const whole = weight("drip-question.js") + weight("answering-") + kind;
  assert.ok(whole <= 14_000, `${whole} bytes`);
});

test("the panel weighs at most 5 kB more", () => {
  assert.ok(weight("panel-") <= 5_000, `${weight("panel-")} bytes`);
});
