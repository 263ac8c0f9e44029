import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { Random, testSeed } from "../support/random.js";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";
import { until } from "../support/until.js";
import { replayedDigest } from "./replayed.js";
import { assertValid, digestAtRest, keepVectorsOffMemory, makeCollection, storedPoints, Writer } from "./writers.js";

/** As many at the least (MURMUR_CRASH_ROUNDS=200 for more); more until images of both kinds have been cut in two, one of a table was damaged and kills have met requests. */
const ROUNDS = Number(process.env["MURMUR_CRASH_ROUNDS"] ?? 4);
const ROUNDS_MAX = 100 + ROUNDS;
/** The start that ends this round, and those after it, have the data folder encrypted. */
const ENCRYPTED_FROM = Math.floor(ROUNDS / 2) + 1;
const WRITERS = 4;
const BASE_POINTS = 1500;
const DELAY_MS_MAX = 15;
/** Operations between two images of the graph: so few that some are being written at most times. */
const IMAGE_INTERVAL = 60;

/** When to kill: after so many answers and some milliseconds, or in the middle of writing the image of a graph or a table (or after so many answers). */
interface Moment {
  readonly kind: "answers" | "graph" | "table";
  readonly answers: number;
  readonly delayMs: number;
}

const imageFiles = (folder: string): string[] => {
  const images = join(folder, "images");
  return existsSync(images) ? (readdirSync(images, { recursive: true }) as string[]) : [];
};

/** What a file is an image of that is being written; `undefined`: it is no such file. */
function kindOfUnfinished(file: string | null): "graph" | "table" | undefined {
  if (file?.endsWith(".image.unfinished") !== true) return undefined;
  return basename(file) === "table.image.unfinished" ? "table" : "graph";
}

/** Changes a byte in the middle of each image of a table; were there any? */
function damageTables(folder: string): boolean {
  const tables = imageFiles(folder).filter((file) => basename(file) === "table.image");
  for (const table of tables) {
    const path = join(folder, "images", table);
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] as number) ^ 0x10;
    writeFileSync(path, bytes);
  }
  return tables.length > 0;
}

/** Resolves when the server has been killed at that moment and the writers have noticed. */
async function writeAndKill(
  server: ServerProcess,
  writers: readonly Writer[],
  moment: Moment,
  folder: string,
): Promise<void> {
  let answers = 0;
  let killed: Promise<void> | undefined;
  const kill = () => {
    killed ??= server.kill();
  };
  const watcher =
    moment.kind === "answers"
      ? undefined
      : watch(join(folder, "images"), { recursive: true }, (_, file) => {
          if (kindOfUnfinished(file) === moment.kind && answers >= moment.answers) kill();
        });
  const limit = moment.kind === "answers" ? moment.answers : moment.answers + 400;
  await Promise.all(
    writers.map((writer) =>
      writer.run(
        server,
        () => killed !== undefined,
        () => {
          if (++answers === limit) setTimeout(kill, moment.delayMs);
        },
      ),
    ),
  );
  watcher?.close();
  assert.ok(killed !== undefined, `the server was there until it was killed: ${server.log()}`);
  await killed;
}

describe("a server that is killed under load", () => {
  const [folder, keys] = [newFolder("crash"), newFolder("crash-key")];
  const keyFile = join(keys, "key");
  after(() => {
    killAllServers();
    for (const one of [folder, keys]) removeFolder(one);
  });

  test("has every acknowledged write, wholly, after every restart, and the state that its log tells", async (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed} (MURMUR_TEST_SEED draws it again)`);
    const random = new Random(seed);
    // with one planner and several in turn: what is in the log does not say how many there were
    let planners = 3;
    // in the middle of the rounds the folder, as a kill has left it, is brought over to a key
    let keyText: string | undefined;
    const start = () => {
      planners = 4 - planners;
      const interval = String(IMAGE_INTERVAL);
      const options = ["--image-interval", interval, "--planners", String(planners), "--log-level", "info"];
      if (keyText !== undefined) options.push("--encryption-key-file", keyFile);
      return startServer({ dataFolder: folder, options });
    };
    const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(i, seed));
    const seen = { done: 0, "not done": 0, "none in flight": 0 };
    const cut = { graph: 0, table: 0 };
    let tablesDamaged = 0;

    let server = await start();
    await makeCollection(server, BASE_POINTS, seed);
    const metEnough = () =>
      cut.graph > 0 && cut.table > 0 && tablesDamaged > 0 && seen.done + seen["not done"] > ROUNDS;
    for (let round = 1; round <= ROUNDS || (!metEnough() && round <= ROUNDS_MAX); round++) {
      const moment: Moment = {
        kind: (["answers", "graph", "table"] as const)[round % 3] as Moment["kind"],
        answers: 1 + random.below(120),
        delayMs: random.below(DELAY_MS_MAX),
      };
      const what = `seed ${seed}, round ${round}: ${JSON.stringify(moment)}`;
      // where the vectors are changes with the start that follows: with files and without, from one to the other
      await keepVectorsOffMemory(server, round % 4 < 2);
      await writeAndKill(server, writers, moment, folder);
      for (const kind of ["graph", "table"] as const)
        if (imageFiles(folder).some((file) => kindOfUnfinished(file) === kind)) cut[kind]++;
      if (round === ENCRYPTED_FROM) {
        keyText = randomBytes(32).toString("hex");
        writeFileSync(keyFile, keyText);
      }
      const isDamaged = round % 5 === 2 && round !== ENCRYPTED_FROM && damageTables(folder);
      server = await start();
      // damaged, or not of the time of its graph: its rows are made from the stored points
      if (isDamaged) assert.match(server.log(), /a table image was not usable/, what);
      if (isDamaged) tablesDamaged++;
      const stored = await storedPoints(server);
      for (const writer of writers) seen[writer.check(stored)]++;
      // upkeep goes on from where it was: what it leaves is compared with the log now and then, since it takes a while
      if (round % 3 === 0 || isDamaged)
        assert.deepEqual(await digestAtRest(server), replayedDigest(folder, "c", keyText), what);
      if (round % 3 === 0 || isDamaged) await assertValid(server);
      // killed between the image of a graph and that of its table, the table's is none of the graph any more
      const wrong = server
        .log()
        .split("\n")
        .filter((line) => /graph image was not usable|"level":[56]0/.test(line));
      assert.deepEqual(wrong, [], what);
      // the server's own upkeep may be writing one just now; what the killed one left goes for good
      await until(() => imageFiles(folder).every((file) => !file.endsWith(".unfinished")), `no image is left: ${what}`);
    }

    // and it can be written, and stopped, as ever
    let left = 50;
    await Promise.all(
      writers.map((writer) =>
        writer.run(
          server,
          () => left <= 0,
          () => left--,
        ),
      ),
    );
    const digest = await digestAtRest(server);
    await assertValid(server);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.deepEqual(replayedDigest(folder, "c", keyText), digest);
    assert.ok(!readFileSync(join(folder, "murmuration.db")).includes("SQLite format"), "the log is encrypted");

    const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    context.diagnostic(
      `${acknowledged} acknowledged writes; in flight: ${JSON.stringify(seen)}; images cut: ${JSON.stringify(cut)}; ${tablesDamaged} damaged`,
    );
    assert.ok(acknowledged > ROUNDS * 20, "there was load");
    assert.ok(seen.done + seen["not done"] > ROUNDS, "kills met requests in flight");
    assert.ok(cut.graph > 0 && cut.table > 0, `kills met images of both kinds being written: ${JSON.stringify(cut)}`);
    assert.ok(tablesDamaged > 0, "an image of a table was damaged");
  });
});
