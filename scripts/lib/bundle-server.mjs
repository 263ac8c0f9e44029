import { readFileSync, rmSync } from "node:fs";
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
  /^node:/,
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

rmSync(target, { recursive: true, force: true });
const bundle = await rolldown({
  input,
  cwd: inRoot(),
  platform: "node",
  logLevel: "warn",
  external: LEFT_BY_ITSELF,
  plugins: [namesAsBundled],
});
await bundle.write({
  dir: target,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "part-[name]-[hash].js",
  minify: false,
});
await bundle.close();
