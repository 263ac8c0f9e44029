import { existsSync } from "node:fs";
import { contentHash, filesBelow, isStamped } from "./files.mjs";
import { inRoot } from "./paths.mjs";

/**
 * The memory is imported, shared and reserved whole (initial = maximum), so that nothing ever moves in it. `stub`: the
 * engine manages its memory by hand. No abort: it would drag in message strings, thus a data segment.
 */
const ASC_FLAGS = [
  ...["--enable", "simd", "--enable", "threads", "--sharedMemory", "--importMemory"],
  ...["--initialMemory", "65536", "--maximumMemory", "65536"],
  ...["--runtime", "stub", "-O3", "--use", "abort="],
];
/** What `npm start` runs, and what tests, simulator and stress run, where bugs can be planted and assertions hold. */
const KINDS = {
  release: { end: "wasm", flags: ["--noAssert", "--use", "PLANTING=0"] },
  checked: { end: "checked.wasm", flags: ["--use", "PLANTING=1"] },
};

/** What is compiled to WebAssembly, by the name of its file: where it begins, and which sources belong to it. */
const MODULES = {
  engine: {
    entry: "packages/index/assembly/index.ts",
    isSource: (path) => !/\/assembly\/(table|multi)\//.test(path),
    // TypeScript reads it too
    others: ["packages/index/src/vector-index/graph-limits.ts", "packages/index/src/vector-index/walk-steps.ts"],
  },
  table: {
    entry: "packages/index/assembly/table/index.ts",
    isSource: (path) => path.includes("/assembly/table/"),
    // TypeScript reads it too
    others: ["packages/index/src/segment/layout.ts", "packages/index/src/segment/column-layout.ts"],
  },
  multi: {
    entry: "packages/index/assembly/multi/index.ts",
    isSource: (path) => path.includes("/assembly/multi/"),
    others: [],
  },
};

function wasmModule(name, kind) {
  const { entry, isSource, others } = MODULES[name];
  const file = `${name}.${KINDS[kind].end}`;
  const product = inRoot("packages/index/build", file);
  const flags = [...ASC_FLAGS, ...KINDS[kind].flags];
  const isCode = (path) => (path.endsWith(".ts") || path.endsWith(".json")) && isSource(path);
  const sources = [...filesBelow(inRoot("packages/index/assembly"), isCode), ...others.map((path) => inRoot(path))];
  const hash = contentHash([...sources, inRoot("node_modules/assemblyscript/package.json")], flags.join(" "));
  const stampPath = `${product}.stamp`;
  const isDone = () => !existsSync(inRoot(entry)) || (isStamped(stampPath, hash) && existsSync(product));
  return { file, entry: inRoot(entry), product, text: `${product}.wat`, flags, hash, stampPath, isDone };
}

/**
 * The modules of these kinds ("checked", "release"), those that take longest first. Each: `file`, its name in packages/index/build; `entry`, the
 * source it begins with; where `product` and `text` (WAT) go; `flags` of the compiler; `hash` of what it is made of, which stands at `stampPath`
 * once it is made.
 */
export function wasmModules(kinds) {
  return Object.keys(MODULES).flatMap((name) => kinds.map((kind) => wasmModule(name, kind)));
}
