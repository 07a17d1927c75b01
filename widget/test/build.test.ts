/** The build gives the same files wherever and whenever it runs: hosts that build on their own serve each other's pages. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.endsWith(".stamp"));
  return Object.fromEntries(paths.sort().map((path) => [path.slice(folder.length), readFileSync(path, "latin1")]));
}

test("another build in another folder gives the same files", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "widget-build-"));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const part of ["src", "build.mjs", "package.json", "custom-elements.json", "tsconfig.json", "tsconfig.types.json"]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));

  execFileSync("node", ["build.mjs"], { cwd: folder });

  assert.deepEqual(filesOf(join(folder, "dist")), filesOf(join(ROOT, "dist")));
});
