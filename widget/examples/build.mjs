/** Bundles the examples into the folder that the argument names, as a bundler with the plug-ins of each framework would. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "svelte/compiler";
import { compileScript, parse } from "vue/compiler-sfc";

const here = fileURLToPath(new URL(".", import.meta.url));
const isCustomElement = (tag) => tag.includes("-");

const singleFileComponents = {
  name: "single-file-components",
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, "utf8"), { filename: path });
      const templateOptions = { compilerOptions: { isCustomElement } };
      const { content } = compileScript(descriptor, { id: "app", inlineTemplate: true, templateOptions });
      return { contents: content, loader: "ts" };
    });
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, "utf8"), { filename: path, generate: "client" });
      return { contents: js.code, loader: "js" };
    });
  },
};

await build({
  absWorkingDir: here,
  entryPoints: ["react/main.tsx", "vue/main.ts", "svelte/main.ts"],
  outdir: process.argv[2],
  bundle: true,
  splitting: true,
  format: "esm",
  jsx: "automatic",
  conditions: ["browser", "production"],
  define: {
    "process.env.NODE_ENV": '"production"',
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  // What `npm install @acquaint/widget` would bring.
  alias: { "@acquaint/widget": fileURLToPath(new URL("../dist/drip-question.js", import.meta.url)) },
  plugins: [singleFileComponents],
});
