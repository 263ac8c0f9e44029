import { readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { dirname, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import { productsBelow } from "./files.mjs";
import { inRoot } from "./paths.mjs";

/**
 * Puts the server's modules and the packages that it always loads into some large files: to find, read and link a thousand small ones is half of
 * the processor time of a start. Usage: bundle-server.mjs checked|release; writes packages/server/bundle/KIND/cli.js and what it loads.
 */

/** What loads files that lie beside it, native ones among them, and what only some commands load. */
const LEFT_BY_ITSELF = [
  /^node:(?!http$)/,
  /^better-sqlite3/,
  /^usearch/,
  /^@automerge\//,
  /^@aws-sdk\//,
  /^@smithy\//,
  /^@opentelemetry\//,
  /^pg$/,
  /^hyparquet/,
  /^pino/,
  /^@murmuration\/dashboard/,
];
/** A file named beside the one that names it: a thread's, a process's, or a WebAssembly module. */
const BESIDE = /new URL\(\s*(["'`])(\.[^"'`]*)\1,\s*import\.meta\.url,?\s*\)/g;

const kind = process.argv[2];
const source = inRoot("packages/server", kind === "release" ? "release" : "dist");
const target = inRoot("packages/server/bundle", kind);

// both of places within the checkout: the folders above it may have any name
const IS_LEFT_OUT = /\.(test|test-support)$|(^|\/)testing\//;
const isInstalled = (path) => relative(inRoot(), path).split(/[/\\]/).includes("node_modules");
const placeOf = (path) => relative(source, path).replaceAll("\\", "/").replace(/\.js$/, "");
// all in one folder, so that what one names is beside it wherever the text comes to stand
const flatName = (place) => place.replaceAll("/", "-");

/** The files that run as threads and processes of their own, by their places in the server's folder. */
function begunByName() {
  const places = new Set();
  for (const path of productsBelow(source)) {
    if (!path.endsWith(".js") || IS_LEFT_OUT.test(placeOf(path))) continue;
    for (const [, , named] of readFileSync(path, "utf8").matchAll(BESIDE)) {
      if (named.endsWith(".js")) places.add(placeOf(resolve(dirname(path), named)));
    }
  }
  return places;
}

const entries = begunByName();
const input = { cli: resolve(source, "cli.js") };
for (const place of entries) input[flatName(place)] = resolve(source, `${place}.js`);

const namesAsBundled = {
  name: "names-as-bundled",
  transform(code, id) {
    if (!code.includes("import.meta.url")) return null;
    return code.replace(BESIDE, (whole, quote, named) => {
      const path = resolve(dirname(id), named);
      if (entries.has(placeOf(path)))
        return `new URL(${quote}./${flatName(placeOf(path))}.js${quote}, import.meta.url)`;
      if (isInstalled(id)) return whole;
      return `new URL(${quote}${relative(target, path).replaceAll("\\", "/")}${quote}, import.meta.url)`;
    });
  },
};

/**
 * node:http as a module of its own, made of what it holds without asking: linking to the built-in one reads all of its names, and one of them
 * loads a client that nothing here uses, in every thread anew.
 */
const HTTP = "\0node:http";
const leanHttp = {
  name: "lean-http",
  resolveId: (name, _importer, { kind }) => (kind === "import-statement" && /^(node:)?http$/.test(name) ? HTTP : null),
  load(id) {
    if (id !== HTTP) return null;
    const held = Object.entries(Object.getOwnPropertyDescriptors(http)).filter(([, { value }]) => value !== undefined);
    const lines = held.map(([name]) => `export const ${name} = http.${name};`);
    return ['const http = process.getBuiltinModule("node:http");', "export default http;", ...lines].join("\n");
  },
};

/** Modules of this project only give names: one of which nobody takes any is not loaded. None is imported for what it does (`tidy.test.ts`). */
const isOwn = /[/\\]packages[/\\](core|index|server)[/\\]/;

/** What starts and commands load, each with a letter of its own, and the rest by what it needs: files that are shared are so by letters. */
const BEGUN = {
  c: ["cli"],
  k: ["commands/mod"],
  m: ["commands/serve"],
  o: ["commands/operate-cluster"],
  u: ["commands/audit"],
  d: ["commands/restore", "commands/verify", "commands/backups", "commands/drill"],
  t: ["commands/import-command", "commands/export-command"],
  a: ["app"],
  e: ["engine/worker"],
  r: ["read/reader-thread"],
  l: ["listen/listener-thread"],
  s: ["canary/canary-thread", "engine/planners/planner-thread", "transfer/sources/parquet-process"],
  b: ["backup/worker", "bodies/body-worker", "changes/changes-thread"],
  n: ["nats/mod"],
};
const letterOf = new Map(Object.entries(BEGUN).flatMap(([letter, places]) => places.map((place) => [place, letter])));

/** Of each module, the letters of what loads it, from files in which modules are together that the same threads load. */
function loadedBy(files) {
  const named = new Map(files.map((file) => [file.fileName, file]));
  const letters = new Map();
  for (const begun of files) {
    const letter = begun.facadeModuleId && letterOf.get(placeOf(begun.facadeModuleId));
    if (letter === undefined) continue;
    const loaded = new Set([begun]);
    for (const { imports, moduleIds } of loaded) {
      for (const name of imports) if (named.has(name)) loaded.add(named.get(name));
      for (const id of moduleIds) letters.set(id, (letters.get(id) ?? new Set()).add(letter));
    }
  }
  return letters;
}

const bundle = await rolldown({
  input,
  cwd: inRoot(),
  platform: "node",
  logLevel: "warn",
  external: LEFT_BY_ITSELF,
  plugins: [namesAsBundled, leanHttp],
  preserveEntrySignatures: "allow-extension",
  treeshake: { moduleSideEffects: [{ test: isOwn, sideEffects: false }] },
});
const form = {
  dir: target,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "part-[name]-[hash].js",
  minify: false,
};
// By itself a file is made for every set of threads that load the same: a start would find and read seventy instead of a dozen.
const { output } = await bundle.generate(form);
const letters = loadedBy(output.filter(({ type }) => type === "chunk"));
const groupOf = (id) => {
  const group = [...(letters.get(id) ?? [])].sort().join("");
  return group.length > 1 || group === "m" || group === "a" ? group : null;
};
rmSync(target, { recursive: true, force: true });
await bundle.write({
  ...form,
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: groupOf, debugName: "loaded together" }] },
});
await bundle.close();
