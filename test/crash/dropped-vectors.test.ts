import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Random, testSeed } from "../support/random.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";
import { replayedDigest } from "./replayed.js";
import { assertValid, digestAtRest } from "./writers.js";

const ROUNDS = Number(process.env["MURMUR_CRASH_ROUNDS"] ?? 4);
const POINTS = 40;
const KEPT = { size: 4, distance: "Dot" };

interface Info {
  readonly config: { readonly params: { readonly vectors: { readonly [name: string]: { readonly size: number } } } };
}
interface Record {
  readonly id: number;
  readonly vector: { readonly [name: string]: readonly number[] };
}

const filesIn = (folder: string, what: string): string[] => {
  const path = join(folder, what);
  return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]) : [];
};

/** What the server has of the vector that comes and goes: its size, and the points that show one. */
async function lateOf(server: ServerProcess): Promise<{ readonly size: number | undefined; readonly shown: Record[] }> {
  const info = (await server.request("GET", "/collections/c")).body.result as Info;
  const body = { limit: 1_000, with_vector: true };
  const { points } = (await server.request("POST", "/collections/c/points/scroll", body)).body.result as {
    points: Record[];
  };
  assert.equal(points.length, POINTS);
  for (const { vector } of points) assert.equal(vector["kept"]?.length, KEPT.size);
  const shown = points.filter(({ vector }) => vector["late"] !== undefined);
  return { size: info.config.params.vectors["late"]?.size, shown };
}

describe("a server that is killed while vectors are added and dropped", () => {
  const folder = newFolder("dropped-vectors");
  after(() => {
    killAllServers();
    removeFolder(folder);
  });

  test("has each of them wholly or not at all, and nothing of those that are gone", async (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed} (MURMUR_TEST_SEED draws it again)`);
    const random = new Random(seed);
    const start = () => startServer({ dataFolder: folder, options: ["--image-interval", "30", "--log-level", "info"] });
    let server = await start();
    await server.request("PUT", "/collections/c", { vectors: { kept: { ...KEPT, on_disk: true } } });
    const points = Array.from({ length: POINTS }, (_, id) => ({
      id,
      vector: { kept: [id, 1, 2, 3] },
      payload: { id },
    }));
    await server.request("PUT", "/collections/c/points?wait=true", { points });
    let size: number | undefined;
    for (let round = 1; round <= ROUNDS; round++) {
      const next = size === undefined ? 3 + random.below(4) : undefined;
      const killed = (async () => {
        await new Promise((resolve) => setTimeout(resolve, random.below(12)));
        await server.kill();
      })();
      let isDone: boolean | undefined;
      try {
        const { status } =
          next === undefined
            ? await server.request("DELETE", "/collections/c/vectors/late?wait=true")
            : await server.request("PUT", "/collections/c/vectors/late?wait=true", {
                dense: { size: next, distance: "Dot" },
              });
        if (status === 200) isDone = true;
        if (next !== undefined && status === 200) await give(server, next);
      } catch {
        // it may be done, and nobody was told
      }
      await killed;
      server = await start();
      const late = await lateOf(server);
      const what = `seed ${seed}, round ${round}: ${size} to ${next}`;
      if (isDone === true) assert.equal(late.size, next, what);
      else assert.ok(late.size === size || late.size === next, what);
      for (const { vector } of late.shown) assert.equal(vector["late"]?.length, late.size, what);
      if (next !== undefined && late.size === next) assert.equal(await give(server, next), 200);
      size = late.size;
      assert.deepEqual(await digestAtRest(server), replayedDigest(folder, "c"), what);
      await assertValid(server);
    }
    if (size !== undefined) await server.request("DELETE", "/collections/c/vectors/late?wait=true");
    await server.stop();
    server = await start();
    assert.deepEqual(await lateOf(server), { size: undefined, shown: [] });
    await until(() => filesIn(folder, "images").filter((file) => file.endsWith(".image")).length === 2, "images go");
    assert.equal(filesIn(folder, "vectors").filter((file) => file.endsWith(".rows")).length, 1);
    await server.stop();
  });
});

/** Gives every other point a vector of this size. */
async function give(server: ServerProcess, size: number): Promise<number> {
  const points = Array.from({ length: POINTS / 2 }, (_, i) => ({
    id: 2 * i,
    vector: { late: Array.from({ length: size }, (_, at) => i + at) },
  }));
  return (await server.request("PUT", "/collections/c/points/vectors?wait=true", { points })).status;
}
