import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Random, testSeed } from "../support/random.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { replayedDigest } from "./replayed.js";
import { assertValid, digestAtRest } from "./writers.js";

const DIMENSIONS = 4;
const BATCH = 200;
const KILLS = 4;
const BATCHES_PER_LIFE = 8;
/** So far apart that without earlier images none would be written before a kill. */
const IMAGE_INTERVAL = 6_000;

const partsOf = (folder: string): string[] =>
  (readdirSync(join(folder, "images"), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".part"))
    .map((name) => join(folder, "images", name));

describe("a server that is killed behind a load, its graph being written in parts", () => {
  const folder = newFolder("image-parts");
  after(() => {
    killAllServers();
    removeFolder(folder);
  });

  test("starts with the state that its log tells, from images that lack little, also with a part that is damaged", async (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed} (MURMUR_TEST_SEED draws it again)`);
    const random = new Random(seed);
    const options = ["--image-interval", String(IMAGE_INTERVAL), "--log-level", "info"];
    const start = () => startServer({ dataFolder: folder, options });
    let server = await start();
    await server.request("PUT", "/collections/c", { vectors: { size: DIMENSIONS, distance: "Euclid" } });
    let acknowledged = 0;
    const write = async (): Promise<void> => {
      const points = Array.from({ length: BATCH }, (_, i) => ({
        id: acknowledged + i,
        vector: Array.from({ length: DIMENSIONS }, () => random.below(1_000)),
      }));
      const { status } = await server.request("PUT", "/collections/c/points?wait=true", { points });
      assert.equal(status, 200);
      acknowledged += BATCH;
    };
    const check = async (one: ServerProcess, what: string): Promise<void> => {
      const { body } = await one.request("POST", "/collections/c/points/count", { exact: true });
      const { count } = body.result as { readonly count: number };
      assert.ok(count >= acknowledged, `${what}: ${count} points, ${acknowledged} were acknowledged`);
      assert.deepEqual(await digestAtRest(one), replayedDigest(folder, "c"), what);
      await assertValid(one);
    };
    for (let life = 1; life <= KILLS; life++) {
      for (let batch = 0; batch < BATCHES_PER_LIFE; batch++) await write();
      // in the middle of one more
      const last = write().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, random.below(30)));
      await server.kill();
      await last;
      server = await start();
      await check(server, `seed ${seed}, life ${life}`);
      // a kill between the image of the graph and that of the table leaves two of different times: the table's is made again
      assert.doesNotMatch(server.log(), /a graph image was not usable/, `seed ${seed}, life ${life}`);
    }
    const written = partsOf(folder);
    assert.ok(written.length > 0, "images were written before any server was stopped");
    await server.kill();
    const [part = ""] = partsOf(folder);
    const bytes = readFileSync(part);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 0x10;
    writeFileSync(part, bytes);
    server = await start();
    assert.match(server.log(), /a graph image was not usable/);
    await check(server, `seed ${seed}, with a damaged part`);
    await server.stop();
    server = await start();
    assert.doesNotMatch(server.log(), /not usable/, "it is good again");
    await check(server, `seed ${seed}, in the end`);
    await server.stop();
  });
});
