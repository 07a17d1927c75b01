/** The package as npm would publish it, read as bundlers, Node and TypeScript read it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { ATTRIBUTES } from "../src/attributes.ts";

const ROOT = new URL("..", import.meta.url);
let folder = "";
let tarball = "";

function run(program: string, ...options: string[]): string {
  return execFileSync(program, options, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), "widget-"));
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", folder)) as { filename: string }[];
  tarball = join(folder, packed!.filename.replace("@", "").replace("/", "-"));
});

after(() => rmSync(folder, { recursive: true }));

test("publint has nothing to object to", () => {
  assert.match(run("node_modules/.bin/publint", "run", tarball, "--strict"), /All good/);
});

test("the types are right for bundlers and for Node's modules", () => {
  run("node_modules/.bin/attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", "custom-elements.json");
});

test("a server imports both entries without a window", () => {
  const script = "await import('./dist/drip-question.js'); const { createDripClient } = await import('./dist/client.js'); createDripClient({ endpoint: 'https://a.test', key: 'pk_x' })";
  run("node", "--input-type=module", "-e", script);
});

test("the manifest of custom elements names every attribute", () => {
  const manifest = JSON.parse(readFileSync(new URL("custom-elements.json", ROOT), "utf8")) as {
    modules: { declarations: { tagName: string; attributes: { name: string }[] }[] }[];
  };
  const element = manifest.modules[0]?.declarations.find(({ tagName }) => tagName === "drip-question");
  assert.deepEqual(element?.attributes.map(({ name }) => name).sort(), [...ATTRIBUTES].sort());
});
