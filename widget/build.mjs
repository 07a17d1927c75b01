/** Builds dist/: the element as one module under a plain and a hashed name, and GraphiQL for development. */

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = `${here}dist`;

/** What GraphiQL needs with plain script tags, from its own packages: no CDN, works offline. */
const GRAPHIQL = {
  "react.js": "react/umd/react.production.min.js",
  "react-dom.js": "react-dom/umd/react-dom.production.min.js",
  "graphiql.js": "graphiql/graphiql.min.js",
  "graphiql.css": "graphiql/graphiql.min.css",
};

const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

async function buildElement() {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ["src/drip-question.ts"],
    outfile: "dist/drip-question.js",
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: "linked",
    legalComments: "none",
    banner: { js: "/*! Acquaint drip-question, Apache-2.0 */" },
    plugins: [cssAsText],
    write: false,
  });
  const script = outputFiles.find(({ path }) => path.endsWith(".js"));
  const map = outputFiles.find(({ path }) => path.endsWith(".map"));
  const hashed = `drip-question.${createHash("sha256").update(script.contents).digest("hex").slice(0, 12)}.js`;

  await writeFile(`${dist}/drip-question.js`, script.contents);
  await writeFile(`${dist}/${hashed}`, script.contents);
  await writeFile(`${dist}/drip-question.js.map`, map.contents);
  await writeFile(`${dist}/manifest.json`, JSON.stringify({ "drip-question.js": hashed }) + "\n");

  const bytes = script.contents.length;
  console.log(`${hashed}: ${bytes} bytes minified, ${gzipSync(script.contents, { level: 9 }).length} gzipped`);
}

/** Last, so that whoever reads the folder meanwhile finds a whole build, the old one or the new one. */
async function removeOldBuilds() {
  const { "drip-question.js": current } = JSON.parse(await readFile(`${dist}/manifest.json`, "utf8"));
  for (const name of await readdir(dist)) {
    if (/^drip-question\.[0-9a-f]{12}\.js$/.test(name) && name !== current) await rm(`${dist}/${name}`);
  }
}

async function copyGraphiql() {
  for (const [name, source] of Object.entries(GRAPHIQL)) {
    await copyFile(`${here}node_modules/${source}`, `${dist}/graphiql/${name}`);
  }
}

await mkdir(`${dist}/graphiql`, { recursive: true });
await buildElement();
await copyGraphiql();
await removeOldBuilds();
