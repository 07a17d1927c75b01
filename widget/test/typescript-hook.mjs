/** Lets `node --test` run TypeScript on every supported Node: strips the types as the build does. */

import { readFile } from "node:fs/promises";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";
import { transform } from "esbuild";

if (isMainThread) register(import.meta.url);

export async function load(url, context, nextLoad) {
  // A style sheet is its text, as build.mjs has it.
  if (url.endsWith(".css")) return { format: "module", source: 'export default "";', shortCircuit: true };
  if (!url.endsWith(".ts")) return nextLoad(url, context);
  const { code } = await transform(await readFile(new URL(url), "utf8"), {
    loader: "ts",
    format: "esm",
    sourcemap: "inline",
    sourcefile: url,
  });
  return { format: "module", source: code, shortCircuit: true };
}
