import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Command, NearestHere, PointInput, VectorSpace } from "@murmuration/core";
import { type Json, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { pino } from "pino";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { readsOf } from "../engine/reads.test-support.js";

const space: VectorSpace = { size: 6, distance: "Cosine", links: 4, efConstruction: 16, quantization: "int8" };
const euclid: VectorSpace = { ...space, distance: "Euclid", size: 3 };
const RECORD_BYTES = 16 + 8 * 4;

function create(name: string, vectors: Json): Command {
  return { kind: "create-collection", name, vectors: { "": space, other: euclid }, settings: { vectors } };
}
const onDisk: Json = { "": { on_disk: true }, other: { memory: "cold" } };
const inMemory: Json = { "": { on_disk: true, memory: "pinned" } };

function vectorOf(seed: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.fround(Math.sin(seed * 7 + i * (1 + (seed % 5)))));
}

function point(id: number, seed: number): PointInput {
  const other: { [name: string]: Float32Array } = seed % 3 === 0 ? {} : { other: vectorOf(seed, 3) };
  return { id, vectors: { "": vectorOf(seed, 6), ...other }, payload: { n: seed } };
}

type Change =
  | { readonly kind: "upsert"; readonly ids: readonly number[]; readonly seed: number }
  | { readonly kind: "delete"; readonly ids: readonly number[] };

function commandOf(collection: string, change: Change): Command {
  if (change.kind === "delete") return { kind: "delete-points", collection, target: { ids: [...change.ids] } };
  const points = change.ids.map((id) => point(id, change.seed + id));
  return { kind: "upsert-points", collection, points, mode: "upsert" };
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 });
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("upsert" as const), ids, seed: fc.integer({ min: 0, max: 500 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), ids }) },
);

/** Everything but versions, which count upkeep as well: that runs when there is time. */
async function answers(database: Database, name: string): Promise<unknown> {
  return JSON.parse(
    JSON.stringify(await allAnswers(database, name), (key, value) => (key === "version" ? undefined : value)),
  );
}

async function allAnswers(database: Database, name: string): Promise<unknown> {
  const reads = readsOf(database);
  const query = (using: string, size: number, parameters = {}): NearestHere => ({
    query: vectorOf(11, size),
    using,
    limit: 25,
    offset: 0,
    parameters,
    selection: { payload: true, vectors: true },
  });
  const byId = await reads.scroll(name, { limit: 1, selection: { payload: false, vectors: false } });
  const first = byId.points[0]?.id;
  return {
    scroll: await reads.scroll(name, { limit: 100, selection: { payload: true, vectors: true } }),
    near: await reads.query(name, query("", 6)),
    exact: await reads.query(name, query("", 6, { exact: true })),
    other: await reads.query(name, query("other", 3)),
    like: first === undefined ? [] : await reads.query(name, { ...query("", 6), query: { id: first } }),
  };
}

/** What is answered when what was damaged is mended. */
async function mended<Answer>(database: Database, ask: () => Promise<Answer>): Promise<Answer> {
  for (const began = Date.now(); ; await database.replication()) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof MurmurationError) || Date.now() - began > 20_000) throw error;
    }
  }
}

describe("a collection with its vectors off memory", () => {
  let folder: string;
  let lines: string[];
  let opened: Database[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-vectors-"));
    lines = [];
    opened = [];
  });
  afterEach(async () => {
    for (const database of opened) await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(at = join(folder, "a"), imageEvery = 1_000_000): Promise<Database> {
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const database = await openDatabase({ dataFolder: at, log, imageEvery });
    opened.push(database);
    return database;
  }

  function files(at = join(folder, "a", "vectors")): string[] {
    if (!existsSync(at)) return [];
    return readdirSync(at).flatMap((shard) => readdirSync(join(at, shard)).map((file) => join(at, shard, file)));
  }

  /** The one whose rows are of this many dimensions with their pad, by its size. */
  function fileOf(points: number): string {
    const found = files().filter((file) => readFileSync(file).length === points * RECORD_BYTES);
    assert.equal(found.length, 1);
    return found[0] as string;
  }

  it("answers as one in memory, also after a stop and after a kill at any moment", async () => {
    const database = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        for (const name of ["disk", "memory"]) {
          await database.write({ kind: "delete-collection", name });
          await database.write(create(name, name === "disk" ? onDisk : inMemory));
          for (const one of changes) await database.write(commandOf(name, one));
        }
        assert.deepEqual(await answers(database, "disk"), await answers(database, "memory"));
      }),
      { numRuns: 4, endOnFailure: true },
    );
    // what a killed process leaves
    const wanted = await answers(database, "disk");
    cpSync(join(folder, "a"), join(folder, "killed"), { recursive: true });
    await database.close();
    for (const at of ["a", "killed"]) {
      const again = await open(join(folder, at));
      assert.deepEqual(await answers(again, "disk"), wanted);
      assert.deepEqual(await answers(again, "memory"), wanted);
      for (const name of ["disk", "memory"])
        await again.write(commandOf(name, { kind: "upsert", ids: [1, 70], seed: 900 }));
      assert.deepEqual(await answers(again, "disk"), await answers(again, "memory"));
      assert.equal(
        files(join(folder, at, "vectors")).length,
        2,
        "of the one collection that is off memory, and nothing else",
      );
    }
  });

  it("names the point of a vector that cannot be read, and has it again soon after", async () => {
    const database = await open();
    await database.write(create("disk", onDisk));
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    await database.write(commandOf("disk", { kind: "upsert", ids: numbers, seed: 0 }));
    const wanted = await answers(database, "disk");
    const file = fileOf(40);
    const bytes = readFileSync(file);
    for (const slot of [3, 4, 17]) bytes.fill(0x5a, slot * RECORD_BYTES + 20, slot * RECORD_BYTES + 30);
    writeFileSync(file, bytes);
    const isNamed = (error: unknown) =>
      error instanceof MurmurationError &&
      error.code === "corrupt" &&
      /vector of point 4\b.*damaged or lost/.test(error.message);
    const one = { payload: false, vectors: true } as const;
    await assert.rejects(readsOf(database).retrieve("disk", [4], one), isNamed);
    assert.deepEqual(await mended(database, () => answers(database, "disk")), wanted);
  });

  it("makes its vectors again from the log where their file is lost, cut short or another's", async () => {
    const before = await open();
    await before.write(create("disk", onDisk));
    await before.write(commandOf("disk", { kind: "upsert", ids: [5, 6, 7, 8, 9, 10, 11, 12], seed: 3 }));
    const wanted = await answers(before, "disk");
    await before.close();
    const file = fileOf(8);
    const bytes = readFileSync(file);
    const swapped = Buffer.concat([bytes.subarray(RECORD_BYTES), bytes.subarray(0, RECORD_BYTES)]);
    const harms = [
      () => rmSync(file),
      () => writeFileSync(file, bytes.subarray(0, 100)),
      () => writeFileSync(file, swapped),
    ];
    for (const [i, harm] of harms.entries()) {
      cpSync(join(folder, "a"), join(folder, "kept"), { recursive: true });
      harm();
      const after = await open();
      const answer = await mended(after, () => answers(after, "disk"));
      assert.deepEqual(answer, wanted, `harm ${i}`);
      await after.close();
      rmSync(join(folder, "a"), { recursive: true });
      cpSync(join(folder, "kept"), join(folder, "a"), { recursive: true });
    }
  });

  it("goes off memory and back at the next start, and is shown as given at once", async () => {
    const first = await open();
    await first.write(create("c", inMemory));
    await first.write(commandOf("c", { kind: "upsert", ids: [5, 6, 7, 8, 9], seed: 3 }));
    const wanted = await answers(first, "c");
    assert.equal(files().length, 0);
    await first.write({ kind: "update-collection", collection: "c", settings: { vectors: onDisk } });
    assert.equal(files().length, 0);
    await first.close();
    const second = await open();
    await second.digest("c");
    assert.equal(files().length, 2);
    assert.deepEqual(await answers(second, "c"), wanted);
    await second.write(commandOf("c", { kind: "upsert", ids: [5, 20], seed: 30 }));
    const changed = await answers(second, "c");
    await second.write({ kind: "update-collection", collection: "c", settings: { vectors: inMemory } });
    assert.deepEqual(await answers(second, "c"), changed);
    await second.close();
    const third = await open();
    assert.deepEqual(await answers(third, "c"), changed);
    // the images still take their vectors from the files: what a process that is killed now leaves is used, whichever way it is kept next
    cpSync(join(folder, "a"), join(folder, "killed"), { recursive: true });
    await third.close();
    assert.equal(files().length, 0, "the images that it wrote at its end need no file");
    for (const vectors of [inMemory, onDisk]) {
      const killed = await open(join(folder, "killed"));
      assert.deepEqual(await answers(killed, "c"), changed);
      await killed.write({ kind: "update-collection", collection: "c", settings: { vectors } });
      cpSync(join(folder, "killed"), join(folder, "next"), { recursive: true });
      await killed.close();
      rmSync(join(folder, "killed"), { recursive: true });
      cpSync(join(folder, "next"), join(folder, "killed"), { recursive: true });
      rmSync(join(folder, "next"), { recursive: true });
    }
    assert.deepEqual(await answers(await open(join(folder, "killed")), "c"), changed);
    const refusals = lines.filter((line) => line.includes("not usable"));
    assert.deepEqual(refusals, []);
  });
});
