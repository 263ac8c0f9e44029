import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { arrowsUp, coreRooms, importCircles, mutualFolders } from "./support/import-graph.js";
import { readSourceTree, root, type SourceFile } from "./support/source-tree.js";
import * as rules from "./support/tidy-rules.js";

const tree = readSourceTree();
const byPath = new Map(tree.map((file) => [file.path, file]));
const packages = [...new Set(tree.map(({ path }) => /^packages\/([^/]+)\//.exec(path)?.[1]))].filter(
  (name): name is string => name !== undefined,
);
const TRACKED_BYTES_MAX = 1.5 * 1024 * 1024;

function textOf(path: string): string {
  const file = byPath.get(path);
  assert.ok(file, `${path} exists`);
  return file.text;
}

function planted(path: string, text: string): SourceFile {
  return { path, text, bytes: text.length };
}

/** Checks the whole tree, and first that the rule finds a planted offence and lets a tidy file pass. */
function holds(
  name: string,
  rule: (file: SourceFile) => rules.Violations,
  bad: readonly SourceFile[],
  good: SourceFile,
) {
  test(name, () => {
    for (const file of bad) assert.equal(rule(file).length, 1, `finds what is planted: ${file.text.slice(0, 80)}`);
    assert.deepEqual(rule(good), []);
    assert.deepEqual(tree.flatMap(rule), []);
  });
}

holds(
  "packages import only those below them, by their public face",
  rules.importDirection,
  [
    planted("packages/index/src/a.ts", 'import { x } from "@murmuration/core";'),
    planted("packages/core/src/a.ts", 'import type { x } from "@murmuration/server";'),
    planted("packages/core/src/a.ts", 'export * from "@murmuration/index/dist/b.js";'),
    planted("packages/core/src/a.ts", 'import { x } from "../../index/src/b.js";'),
    planted("packages/server/src/a.ts", 'const x = await import("@murmuration/sim");'),
  ],
  planted("packages/server/src/a/b.ts", 'import { x } from "@murmuration/core";\nimport "../c.js";'),
);

holds(
  "the rooms of core import only those below them",
  arrowsUp,
  [
    planted("packages/core/src/log/a.ts", 'import type { x } from "../state/b.js";'),
    planted("packages/core/src/replica/upkeep/a.ts", 'export * from "../b.js";'),
    planted("packages/core/src/replica/a.ts", 'import { x } from "../mod.js";'),
    planted("packages/core/src/attic/a.ts", 'import { x } from "../limits.js";'),
  ],
  planted(
    "packages/core/src/log/a.ts",
    'import { x } from "../limits.js";\nimport "../causality/b.js";\nimport "./c.js";\nimport "node:zlib";',
  ),
);

test("every room of core that has a place is there", () => {
  const isThere = (room: string) => tree.some(({ path }) => path.startsWith(`packages/core/src/${room}/`));
  assert.deepEqual(
    coreRooms.filter((room) => !isThere(room)),
    [],
  );
});

test("no files import each other in a circle, also for types alone", () => {
  const circle = [
    planted("p/a.ts", 'import { b } from "./x/b.js";\nimport { d } from "./d.js";'),
    planted("p/x/b.ts", 'import "./c";'),
    planted("p/x/c.ts", 'export const y: import("../a.js").Y = 1;'),
    planted("p/d.ts", 'import type { e } from "./e.js";'),
    planted("p/e.ts", 'export type * from "./d.js";'),
  ];
  assert.deepEqual(importCircles(circle), ["p/a.ts → p/x/b.ts → p/x/c.ts → p/a.ts", "p/d.ts → p/e.ts → p/d.ts"]);
  const [, ...open] = circle;
  assert.deepEqual(importCircles(open.slice(0, -1)), [], "without one of its files a circle is open");
  assert.deepEqual(importCircles(tree), []);
});

test("no two folders of a package import each other", () => {
  const both = [
    planted("packages/server/src/http/a.ts", 'import { b } from "../bodies/b.js";'),
    planted("packages/server/src/bodies/c.ts", 'import type { d } from "../http/d.js";'),
    planted("packages/server/src/http/schemas/e.ts", 'import { a } from "../a.js";'),
    planted("packages/server/src/http/f.ts", 'import { e } from "./schemas/e.js";'),
  ];
  assert.deepEqual(mutualFolders(both), [
    "packages/server/src/bodies/c.ts imports ../http/d.js, and packages/server/src/http/a.ts imports ../bodies/b.js",
  ]);
  assert.deepEqual(mutualFolders(both.slice(1)), []);
  assert.deepEqual(mutualFolders(tree), []);
});

holds(
  "index and core have no clock, timer, promise, randomness or I/O outside their adapters",
  rules.impurity,
  [
    planted("packages/index/src/a.ts", "const now = Date.now();"),
    planted("packages/core/src/a.ts", "const x = Math.random();"),
    planted("packages/core/src/a.ts", "setImmediate(run);"),
    planted("packages/core/src/a.ts", "export async function run() {}"),
    planted("packages/core/src/a.ts", 'import { randomUUID } from "node:crypto";'),
    planted("packages/core/src/a.ts", 'import { readFileSync } from "node:fs";'),
    planted("packages/core/src/a.ts", "const path = process.env;"),
  ],
  planted(
    "packages/core/src/a.ts",
    'import { createHash } from "node:crypto"; // no Promise, no Date.now()\nconst a = "await";',
  ),
);

holds(
  "no module of the server is imported for what it does",
  rules.namelessImports,
  [planted("packages/server/src/a.ts", 'import "./b.js";')],
  planted("packages/server/src/a.ts", 'import { b } from "./b.js";\nimport type { C } from "./c.js";'),
);

holds(
  "what decides the graph uses no function that differs between machines",
  rules.machineDependentMath,
  [
    planted("packages/index/assembly/a.ts", "const x = Math.log(y);"),
    planted("packages/core/src/a.ts", "const x = Math.hypot(y, z);"),
  ],
  planted("packages/core/src/a.ts", "const x = Math.sqrt(y) + Math.floor(z) + Math.max(1, 2);"),
);

holds("no code file is above 16 KB", rules.oversize, [{ path: "packages/core/src/a.ts", text: "", bytes: 16_385 }], {
  path: "packages/core/src/a.test.ts",
  text: "",
  bytes: 50_000,
});

holds(
  "no test is skipped without a reason or runs alone",
  rules.silentSkips,
  [
    planted("a.test.ts", "test.skip(name, run);"),
    planted("a.test.ts", "test(name, { skip: true }, run);"),
    planted("a.test.ts", "it.only(name, run);"),
  ],
  planted("a.test.ts", 'test(name, { skip: "needs two machines" }, run);'),
);

holds(
  "no file names a path of the writer's machine or a package host",
  rules.machineTraces,
  [planted("a.md", `see ${"/ho"}me/me/notes`), planted("a.json", `"resolved": "https://${"regis"}try.npmjs.org/a"`)],
  planted("a.ts", "root.get('/collections/:name'); // and a/work/b"),
);

test("every package has a public face and every name it exports a docstring", () => {
  const files = new Map([
    ["p/mod.ts", planted("p/mod.ts", 'export { a, type B } from "./x.js";\nexport * from "./y.js";')],
    ["p/x.ts", planted("p/x.ts", "/** Does. */\nexport function a() {}\nexport interface B {}\n")],
    ["p/y.ts", planted("p/y.ts", "export const c = 1;\n")],
  ]);
  assert.deepEqual(rules.undocumentedExports("p/mod.ts", files), [
    "p/x.ts: B has no docstring",
    "p/y.ts: c has no docstring",
  ]);
  assert.deepEqual(rules.undocumentedExports("q/mod.ts", files), ["q/mod.ts does not exist"]);

  assert.ok(packages.length >= 3);
  assert.deepEqual(
    packages.flatMap((name) => rules.undocumentedExports(`packages/${name}/src/mod.ts`, byPath)),
    [],
  );
});

test("every package names the packages that it imports, and none above it", () => {
  interface Manifest {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  }
  const read = (path: string): Manifest => JSON.parse(textOf(path)) as Manifest;
  const rootTools = Object.keys(read("package.json").devDependencies ?? {});
  assert.equal(rules.undeclaredPackages(planted("a.ts", 'import x from "left-pad/deep.js";'), new Set()).length, 1);

  const violations = [...packages.map((name) => `packages/${name}`), "bench", "test"].flatMap((folder) => {
    const { dependencies = {}, devDependencies = {} } = read(`${folder}/package.json`);
    // what is bundled is not installed where the bundle runs
    const isBundled = folder === "packages/dashboard";
    const inProduct = new Set(Object.keys({ ...dependencies, ...(isBundled ? devDependencies : {}) }));
    const inTests = new Set([...inProduct, ...Object.keys(devDependencies), ...rootTools]);
    return tree
      .filter(
        ({ path }) =>
          path.startsWith(`${folder}/`) &&
          /\.tsx?$/.test(path) &&
          !path.includes("/assembly/") &&
          path !== "test/tidy.test.ts",
      )
      .flatMap((file) => {
        const isProduct = folder.startsWith("packages/") && !rules.isTest(file.path);
        return rules.undeclaredPackages(file, isProduct ? inProduct : inTests);
      });
  });
  assert.deepEqual(violations, []);
  assert.deepEqual(Object.keys(read("packages/index/package.json").dependencies ?? {}).filter(isOurs), []);
  assert.deepEqual(Object.keys(read("packages/core/package.json").dependencies ?? {}).filter(isOurs), [
    "@murmuration/index",
  ]);
});

function isOurs(name: string): boolean {
  return name.startsWith("@murmuration/");
}

test("git tracks no large file", { skip: existsSync(join(root, ".git")) ? false : "this is no git checkout" }, () => {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  const large = listed.filter((path) => {
    const size = statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0;
    return size > TRACKED_BYTES_MAX;
  });
  assert.deepEqual(large, []);
});

test("the repository tells what it is, what changed and under which licence", () => {
  for (const path of ["README.md", "CHANGELOG.md", "LICENSE"])
    assert.ok(textOf(path).length > 200, `${path} says something`);
});

test("the README names every benchmark", () => {
  const names = tree
    .filter(({ path }) => path.startsWith("bench/") && path.endsWith(".ts"))
    .flatMap(({ text }) => [...text.matchAll(/: Benchmark = \{\s*name: "([^"]+)"/g)].map((match) => match[1] ?? ""));
  assert.ok(names.length >= 3, "benchmarks are found");
  const readme = textOf("README.md");
  assert.deepEqual(
    names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme)),
    [],
  );
});
