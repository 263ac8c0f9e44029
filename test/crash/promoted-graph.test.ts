import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Random, testSeed } from "../support/random.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";
import { replayedDigest } from "./replayed.js";
import { assertValid, digestAtRest } from "./writers.js";

const ROUNDS = Number(process.env["MURMUR_CRASH_ROUNDS"] ?? 1);
const POINTS = 600;
const CANARY = "/murmur/collections/c/canary";

interface Info {
  readonly config: { readonly params: { readonly vectors: { readonly hnsw_config?: { readonly m: number } } } };
}

const linksOf = async (server: ServerProcess) =>
  ((await server.request("GET", "/collections/c")).body.result as Info).config.params.vectors.hnsw_config?.m;

const points = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: from + i,
    vector: [Math.sin(from + i), Math.cos(3 * (from + i)), Math.sin(7 * (from + i)), Math.cos((from + i) ** 2)],
  }));

describe("a server that is killed while a canary is promoted", () => {
  const folder = newFolder("promoted-graph");
  after(() => {
    killAllServers();
    removeFolder(folder);
  });

  test("goes on where it was, and loses no vector", async (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed} (MURMUR_TEST_SEED draws it again)`);
    const random = new Random(seed);
    const start = () =>
      startServer({ dataFolder: folder, options: ["--image-interval", "200", "--log-level", "info"] });
    let server = await start();
    await server.request("PUT", "/collections/c", { vectors: { size: 4, distance: "Euclid" }, hnsw_config: { m: 6 } });
    await server.request("PUT", "/collections/c/points?wait=true", { points: points(0, POINTS) });
    for (let round = 1; round <= ROUNDS; round++) {
      const m = 8 + 2 * round;
      const what = `seed ${seed}, round ${round}`;
      const wanted = () => server.request("GET", CANARY);
      const isBegun = async () => {
        const { promotions } = (await wanted()).body.result as { promotions: readonly { readonly m: number }[] };
        return promotions.some((one) => one.m === m) || (await linksOf(server)) === m;
      };
      assert.equal((await server.request("POST", CANARY, { m, ef_construct: 64 })).status, 200, what);
      const answer = await server.request("POST", `${CANARY}/promote`);
      assert.equal(answer.status, 200, `${what}: ${JSON.stringify(answer.body)}`);
      for (let kill = 0; kill < 2; kill++) {
        await new Promise((resolve) => setTimeout(resolve, random.below(60)));
        await server.kill();
        server = await start();
        assert.ok(await isBegun(), `${what}: what was acknowledged is there`);
        const from = 1_000 * round + 100 * kill;
        await server.request("PUT", "/collections/c/points?wait=true", { points: points(from, 10) });
        await server.request("POST", "/collections/c/points/delete?wait=true", { points: [from, 10 * round + kill] });
      }
      await until(async () => (await linksOf(server)) === m, `${what}: the other graph serves`);
      assert.deepEqual(await digestAtRest(server), replayedDigest(folder, "c"), what);
      await assertValid(server);
      const { count } = (await server.request("POST", "/collections/c/points/count", {})).body.result as {
        count: number;
      };
      assert.equal(count, POINTS + round * 16, what);
    }
    await server.stop();
  });
});
