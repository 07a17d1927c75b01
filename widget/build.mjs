/**
 * Builds dist/: the entry under a plain and a hashed name, the parts that load on demand, and GraphiQL and the playground for development.
 *
 * Every part is a bundle of its own. Sharing code between parts would take one more request for what is shared, which costs a
 * visitor more than the few hundred bytes that come twice.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = `${here}dist`;

/** What GraphiQL needs with plain script tags, from its own packages: no CDN, works offline. */
const GRAPHIQL = {
  "react.js": "react/umd/react.production.min.js",
  "react-dom.js": "react-dom/umd/react-dom.production.min.js",
  "graphiql.js": "graphiql/graphiql.min.js",
  "graphiql.css": "graphiql/graphiql.min.css",
};

/** Names that never leave our own code. Every part shortens them alike, because parts lend each other objects. */
const OURS = new RegExp(
  `^(${[
    "adopt asDripError askAgain begin bringBack broughtBack canGoBack choices connect control css describedBy direction expiresAt fail field",
    "fill forget group inside isAnswered isAskable isBusy isPatient isRevised isTransient isUnreadable kept list localeOf make mark",
    "markInvalid mayOpen passOver place postWithKey read reopen root sending settle signingIn slot speechIn starting take tell tellOf texts write",
    "agree badEmail badPhone badUrl chooseAny chooseBetween chooseExactly chooseUpTo disagree emptyAddress emptyChoice",
    "emptyDate emptyNumber emptyText notApplicable tooFew tooLarge tooLong tooMany tooShort tooSmall",
  ]
    .join(" ")
    .replace(/ /g, "|")})$`,
);
const shortNames = {};

/** Custom properties that no page sets begin with `--_`; every part shortens them alike as well. */
const shortProperties = new Map();

/** What neither esbuild nor terser shortens, because it lies in strings: our CSS and our GraphQL. */
function withShortStrings(code) {
  const named = code.replace(/--_[\w-]+/g, (name) => {
    if (!shortProperties.has(name)) shortProperties.set(name, `--_${shortProperties.size.toString(36)}`);
    return shortProperties.get(name);
  });
  return onOneLine(named.replace(/(--_?\w[\w-]*[:,]) /g, "$1"));
}

/** Breaks and what indents the next line become one space; the server knows the documents as they are sent. */
function onOneLine(text) {
  return text.replace(/(\n|\\n) */g, " ");
}

const cssAsText = {
  name: "css-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2022" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** Leaves `import("./part.ts")` as an address beside the script, and notes which parts there are. */
function partsApart(parts, nameOf) {
  return {
    name: "parts-apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
        if (kind !== "dynamic-import") return null;
        const source = fileURLToPath(new URL(path, `file://${resolveDir}/`));
        parts.set(basename(source, ".ts"), source);
        return { path: `./${nameOf(basename(source, ".ts"))}`, external: true };
      });
    },
  };
}

async function bundle(entry, parts, nameOf) {
  const found = new Map();
  const { outputFiles, mangleCache } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    outfile: "dist/out.js",
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    mangleProps: OURS,
    mangleCache: shortNames,
    plugins: [cssAsText, partsApart(found, nameOf)],
    write: false,
  });
  Object.assign(shortNames, mangleCache);
  // esbuild reads many files at once and finds parts in any order; short names and the hash depend on it.
  for (const [part, source] of [...found].sort()) parts.set(part, source);
  // esbuild shortens names and syntax; terser finds another few per cent in what is left.
  const { code } = await minify(outputFiles[0].text, {
    module: true,
    compress: { passes: 3, ecma: 2020, keep_fargs: false, pure_getters: true, unsafe: true, unsafe_arrows: true, unsafe_methods: true },
    format: { comments: false },
  });
  return Buffer.from(withShortStrings(code));
}

/** Bundles the entries and whatever they load on demand; the parts share one hash, so that their names cost few bytes. */
async function bundleAll(entries) {
  const parts = new Map();
  for (const source of Object.values(entries)) await bundle(source, parts, (part) => part);
  const built = new Map();
  // A part may name further parts: `parts` grows while it is walked.
  for (const [part, source] of parts) built.set(part, await bundle(source, parts, (name) => name));
  const hash = hashOf(...built.values());
  const nameOf = (part) => `${part}-${hash}.js`;
  const files = {};
  for (const [part, source] of parts) files[nameOf(part)] = await bundle(source, parts, nameOf);
  const scripts = {};
  for (const [name, source] of Object.entries(entries)) scripts[name] = await bundle(source, parts, nameOf);
  return { files, scripts };
}

function hashOf(...contents) {
  const hash = createHash("sha256");
  for (const each of contents) hash.update(each);
  return hash.digest("hex").slice(0, 12);
}

const ENTRIES = { "drip-question.js": "src/drip-question.ts", "client.js": "src/client.ts" };

/** Writes the texts of all documents, which the server reads: what pages may send where they may send no others. */
async function listDocuments() {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: ["src/all-documents.ts"],
    bundle: true,
    format: "esm",
    target: "es2022",
    plugins: [cssAsText],
    write: false,
  });
  const { DOCUMENTS } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  const sent = Object.entries(DOCUMENTS).map(([name, text]) => [name, onOneLine(text)]);
  await writeFile(`${dist}/documents.json`, JSON.stringify(Object.fromEntries(sent)) + "\n");
}

async function buildWidget() {
  const { files, scripts } = await bundleAll(ENTRIES);
  // Plain names to hashed ones; a part has no other name than its hashed one.
  const manifest = Object.fromEntries(Object.keys(files).map((name) => [name, name]));
  for (const [name, script] of Object.entries(scripts)) {
    manifest[name] = name.replace(/\.js$/, `.${hashOf(script)}.js`);
    Object.assign(files, { [name]: script, [manifest[name]]: script });
  }
  for (const [name, content] of Object.entries(files)) await writeFile(`${dist}/${name}`, content);
  // Last, so that whoever reads the folder meanwhile finds a whole build, the old one or the new one.
  await writeFile(`${dist}/manifest.json`, JSON.stringify(manifest) + "\n");
  await removeOldBuilds(files);

  const script = scripts["drip-question.js"];
  console.log(`drip-question.js: ${script.length} bytes minified, ${gzipSync(script, { level: 9 }).length} gzipped`);
}

async function removeOldBuilds(files) {
  for (const name of await readdir(dist)) {
    if (/[.-][0-9a-f]{12}\.js$/.test(name) && !(name in files)) await rm(`${dist}/${name}`);
  }
}

async function copyGraphiql() {
  for (const [name, source] of Object.entries(GRAPHIQL)) {
    await copyFile(`${here}node_modules/${source}`, `${dist}/graphiql/${name}`);
  }
}

/** The page on which developers try the elements, which a server in development offers. */
async function buildPlayground() {
  const source = `${here}src/playground`;
  const entryPoints = ["page.ts", "preview.ts", "playground.css", "preview.css"].map((name) => `${source}/${name}`);
  await build({ entryPoints, outdir: `${dist}/playground`, bundle: true, format: "esm", target: "es2022", minify: true });
  for (const name of ["playground.html", "preview.html"]) await copyFile(`${source}/${name}`, `${dist}/playground/${name}`);
}

/** Declarations for whoever imports the package; they name the built files. */
async function declareTypes() {
  const types = `${dist}/types`;
  await promisify(execFile)("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.types.json"], { cwd: here });
  for (const name of await readdir(types, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const text = await readFile(`${types}/${name}`, "utf8");
    await writeFile(`${types}/${name}`, text.replace(/(from |import\()"(\.[^"]+)\.ts"/g, '$1"$2.js"'));
  }
}

await mkdir(`${dist}/graphiql`, { recursive: true });
await buildWidget();
await listDocuments();
await copyGraphiql();
await buildPlayground();
await declareTypes();
