import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { plantedBugs } from "@murmuration/core/planted";
import { plantedBugsOf, plantedIndexBugs } from "@murmuration/index/planted";
import { killAllServers, newFolder, removeFolder, startServer } from "./support/server.js";
import { root } from "./support/source-tree.js";

const PACKAGES = ["index", "core", "server"];
const names = [...new Set([...Object.keys(plantedIndexBugs), ...Object.keys(plantedBugs)])];
/** Where the memories say what is planted: graph, rows, columns. */
const PLANTED_WORDS = { engine: [1200], table: [1036, 4684] };

after(killAllServers);

function filesOf(build: "dist" | "release"): { readonly path: string; readonly text: string }[] {
  return PACKAGES.flatMap((name) => {
    const folder = join(root, "packages", name, build);
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".js"))
      .map((path) => ({ path: `${name}/${path}`, text: readFileSync(join(folder, path), "utf8") }));
  });
}

/** How often a module looks whether a bug is planted. */
function looks(module: keyof typeof PLANTED_WORDS, kind: "wasm" | "checked.wasm"): number {
  const text = readFileSync(join(root, `packages/index/build/${module}.${kind}.wat`), "utf8");
  const found = PLANTED_WORDS[module].map((at) => text.match(new RegExp(`i32\\.const ${at}\\s+i32\\.load`, "g")) ?? []);
  return found.flat().length;
}

test("every planted bug bites somewhere in the build that the simulator runs", () => {
  const asked = new Set<string>();
  for (const { text } of filesOf("dist")) {
    for (const [, name = ""] of text.matchAll(/\bisPlanted\("([^"]+)"\)/g)) asked.add(name);
  }
  const compiled = (["graph", "table", "columns"] as const).flatMap(plantedBugsOf);
  assert.deepEqual([...asked].sort(), names.filter((name) => !compiled.some((other) => other === name)).sort());
  // some bugs bite in more places than one
  assert.ok(looks("engine", "checked.wasm") >= plantedBugsOf("graph").length);
  assert.ok(looks("table", "checked.wasm") >= plantedBugsOf("table").length + plantedBugsOf("columns").length);
});

test("a release build knows of no planted bug", () => {
  const files = filesOf("release");
  assert.ok(files.length > 100);
  for (const { path, text } of files) {
    assert.doesNotMatch(text, /planted\.js"|\bisPlanted\b|\bplantedBits\b|\.checked\.wasm/, path);
    // the words of the modules stand in memory and are asked by nobody
    for (const name of names) assert.ok(!text.includes(`"${name}"`), `${path} names ${name}`);
  }
  assert.equal(files.filter(({ path }) => /planted|\.test|conformance/.test(path)).length, 0);
  for (const module of ["engine", "table"] as const) assert.equal(looks(module, "wasm"), 0, module);
});

test("the release build serves", async () => {
  const dataFolder = newFolder("release");
  try {
    const server = await startServer({ dataFolder, cli: join(root, "packages/server/bundle/release/cli.js") });
    const send = async (method: string, path: string, body?: unknown) => {
      const answer = await server.request(method, path, body);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      return answer.body.result;
    };
    await send("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
    const points = Array.from({ length: 50 }, (_, id) => ({ id, vector: [id, 1], payload: { even: id % 2 === 0 } }));
    await send("PUT", "/collections/c/points?wait=true", { points });
    const filter = { must: [{ key: "even", match: { value: true } }] };
    const found = await send("POST", "/collections/c/points/query", { query: [1, 0], filter, limit: 2 });
    assert.deepEqual(
      (found as { points: { id: number }[] }).points.map(({ id }) => id),
      [48, 46],
    );
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  } finally {
    removeFolder(dataFolder);
  }
});
