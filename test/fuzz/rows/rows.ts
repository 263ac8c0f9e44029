import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, digestOf, Replica, SqliteOpLog } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";
import fc from "fast-check";
import type { Fuzzer } from "../fuzzer.js";

const COLLECTIONS = ["one", "two", "three"] as const;
const START_MS = 1_000_000;
const TABLES = [
  "settings",
  "frontiers",
  "points",
  "operations",
  "shards",
  "checkpoints",
  "checkpoint_parts",
  "payloads",
  "dropped_payloads",
] as const;

/** What a bad disk, or a careless copy, does to one row. */
interface Damage {
  readonly table: (typeof TABLES)[number];
  readonly how: "bit" | "swap" | "lost" | "old";
  readonly row: number;
  readonly column: number;
  readonly other: number;
  readonly bit: number;
}

const damages: fc.Arbitrary<Damage> = fc.record({
  table: fc.constantFrom(...TABLES),
  how: fc.oneof(
    { weight: 3, arbitrary: fc.constant("bit" as const) },
    { weight: 1, arbitrary: fc.constantFrom("swap" as const, "lost" as const, "old" as const) },
  ),
  row: fc.nat(10_000),
  column: fc.nat(10),
  other: fc.nat(10_000),
  bit: fc.nat(100_000),
});

type Value = Buffer | string | bigint | null;
type Row = Record<string, Value>;

/** A log as a replica leaves it, the same some time before, and what is served from it. */
interface Folder {
  readonly path: string;
  readonly served: ReadonlyMap<string, string>;
}

function open(log: SqliteOpLog, nowMs: number): Replica {
  return Replica.open({
    log,
    clock: { now: () => nowMs },
    newReplicaId: () => 7,
    newTableSeed: () => [1, 2],
    // one collection has a checkpoint
    compaction: { rowsMin: 60, rowsPerLive: 1 },
  });
}

function run(replica: Replica, command: Command): void {
  const [outcome] = replica.execute([command]).outcomes;
  if (outcome instanceof MurmurationError) throw outcome;
  replica.tick();
}

function upsert(collection: string, from: number, to: number, shift: number): Command {
  const points = Array.from({ length: to - from }, (_, i) => ({
    id: from + i,
    vectors: { "": Float32Array.of(Math.sin(i + shift), Math.cos(i * shift), 1 + i / 20) },
    payload: { n: i + shift, text: `text ${i} 1234` },
  }));
  return { kind: "upsert-points", collection, points, mode: "upsert" };
}

function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "murmuration-rows-"));
  const log = new SqliteOpLog(join(path, "now.db"));
  const replica = open(log, START_MS);
  const fill = (shift: number) => {
    for (const collection of COLLECTIONS) {
      run(replica, upsert(collection, 0, 12, shift));
      run(replica, { kind: "delete-points", collection, target: { ids: [3, 4] } });
      run(replica, { kind: "set-payload", collection, target: { ids: [5] }, payload: { x: shift } });
    }
    for (let i = 0; i < 12; i++) run(replica, upsert("three", i, i + 8, i));
    for (let tick = 0; tick < 60; tick++) replica.tick();
  };
  for (const name of COLLECTIONS) {
    const space = { size: 3, distance: "Cosine", links: 3, efConstruction: 8, quantization: "int8" } as const;
    run(replica, { kind: "create-collection", name, vectors: { "": space }, settings: {} });
  }
  fill(1);
  log.copyTo(join(path, "old.db"));
  fill(2);
  // notes of dropped payloads stand until the next tick
  for (const collection of COLLECTIONS) {
    replica.execute([{ kind: "set-payload", collection, target: { ids: [5, 6] }, payload: { x: 3 } }]);
  }
  assert.ok(log.lastDrop() > 0);
  assert.ok(log.shards().some((shard) => log.checkpointParts(shard, "current").length > 0));
  const served = servedBy(replica);
  log.close();
  return { path, served };
}

/** What each collection that is served holds, by name. */
function servedBy(replica: Replica): Map<string, string> {
  return new Map(
    [...replica.writableShards()].map((one) => [one.shard.collection.name, JSON.stringify(digestOf(one))]),
  );
}

function flipped(value: Value, bit: number): Value {
  if (value === null) return value;
  if (typeof value === "bigint") return value ^ (1n << BigInt(bit % 40));
  const bytes = Buffer.from(value as string);
  if (bytes.length === 0) return value;
  const at = (bit >> 3) % bytes.length;
  bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
  return typeof value === "string" ? bytes.toString("latin1") : bytes;
}

/** Returns false where there is no such row, or SQLite itself takes no such row. */
function damageRow(database: Database.Database, { table, how, row, column, other, bit }: Damage): boolean {
  const rowsOf = (schema: string) =>
    database.prepare<[], Row>(`SELECT * FROM ${schema}.${table}`).safeIntegers().all() as Row[];
  const rows = rowsOf("main");
  const hit = rows[row % Math.max(1, rows.length)];
  if (hit === undefined) return false;
  const names = Object.keys(hit);
  const name = names[column % names.length] as string;
  const where = names.map((one) => `${one} IS ?`).join(" AND ");
  const put = (of: Row, value: Value) =>
    database.prepare(`UPDATE main.${table} SET ${name} = ? WHERE ${where}`).run(value, ...Object.values(of)).changes;
  try {
    if (how === "bit") return put(hit, flipped(hit[name] as Value, bit)) === 1;
    if (how === "lost")
      return database.prepare(`DELETE FROM main.${table} WHERE ${where}`).run(...Object.values(hit)).changes === 1;
    if (how === "swap") {
      const second = rows[other % rows.length] as Row;
      return second !== hit && put(hit, second[name] as Value) === 1 && put(second, hit[name] as Value) === 1;
    }
    const old = rowsOf("old");
    const kept = old[other % Math.max(1, old.length)];
    if (kept === undefined) return false;
    const marks = names.map(() => "?").join();
    return (
      database.prepare(`INSERT OR REPLACE INTO main.${table} VALUES (${marks})`).run(...Object.values(kept)).changes > 0
    );
  } catch (error) {
    if (error instanceof Database.SqliteError) return false;
    throw error;
  }
}

/** Starts on what is left: serves what was served, or says by name what it does not. */
function startsRight(file: string, served: ReadonlyMap<string, string>): "refused" | "quarantined" | "served" {
  let log: SqliteOpLog | undefined;
  try {
    log = new SqliteOpLog(file);
    const replica = open(log, START_MS + 1_000);
    const here = servedBy(replica);
    const quarantined = replica.quarantined();
    for (const { reason } of quarantined) assert.ok(reason.length > 10, "a quarantine has a reason");
    const isCatalogueHeld = quarantined.some(({ collection }) => collection === "");
    for (const [name, state] of served) {
      if (here.has(name)) assert.equal(here.get(name), state, `collection ${name} is what it was`);
      else {
        const isNamed = isCatalogueHeld || quarantined.some(({ collection }) => collection === name);
        assert.ok(isNamed, `collection ${name} is not served, and no reason is given`);
      }
    }
    for (const name of here.keys()) assert.ok(served.has(name), `there is no collection ${name}`);
    return quarantined.length > 0 ? "quarantined" : "served";
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
    assert.ok(error.message.length > 10);
    return "refused";
  } finally {
    log?.close();
  }
}

/** Rows of the log of a stopped replica are damaged; it starts. */
export const rowsFuzzer: Fuzzer = {
  name: "rows",
  what: "rows of a log on disk are damaged, swapped, lost or what they once were, and the replica starts",
  runs: 120,
  start: async () => {
    const { path, served } = makeFolder();
    const counts: Record<string, number> = {};
    const property = fc.property(fc.array(damages, { minLength: 1, maxLength: 2 }), (drawn) => {
      const file = join(path, "damaged.db");
      for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
      copyFileSync(join(path, "now.db"), file);
      const database = new Database(file);
      database.prepare("ATTACH ? AS old").run(join(path, "old.db"));
      const hits = drawn.filter((damage) => damageRow(database, damage)).length;
      database.close();
      if (hits === 0) return;
      const came = startsRight(file, served);
      counts[came] = (counts[came] ?? 0) + 1;
      // what was mended stays so
      if (came !== "refused") assert.equal(startsRight(file, served), came, "started again");
    });
    return {
      property,
      counts: () => counts,
      end: async () => rmSync(path, { recursive: true, force: true }),
    };
  },
};
