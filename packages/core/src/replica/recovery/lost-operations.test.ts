import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import Database from "better-sqlite3";
import { SqliteOpLog } from "../../log/sqlite-op-log.js";
import { Cluster } from "../cluster.test-support.js";
import { digestOf } from "../inspect.js";
import type { Replica } from "../replica.js";
import { createCollection, point, run, upsert } from "../replica.test-support.js";
import { type ImageSource, imageNote } from "./recover-shard.js";

const NAMES = ["compacted", "small"] as const;

/** What is served, by collection. */
function servedBy(replica: Replica): Map<string, string> {
  return new Map(
    [...replica.writableShards()].map((one) => [one.shard.collection.name, JSON.stringify(digestOf(one))]),
  );
}

describe("a member that starts on a log whose rows of operations are not all what was written", () => {
  const cluster = new Cluster([1, 2], { compaction: { rowsMin: 50, rowsPerLive: 0 } });
  let folder: string;
  let served: ReadonlyMap<string, string>;
  let positions: readonly number[];
  const fileOf = (name: string) => join(folder, name);

  /** Writes of both members, in both collections. */
  function fill(shift: number, last: number): void {
    for (let id = 0; id < last; id++) {
      for (const member of [1, 2]) {
        const name = NAMES[id % 9 === 0 ? 1 : 0];
        run(cluster.get(member), upsert(name, [point((id + member) % 7, [id + shift, member], { n: id })]));
      }
      cluster.pass();
    }
    cluster.settle();
    cluster.pass(20);
  }

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-lost-"));
    const log = new SqliteOpLog(fileOf("whole.db"));
    cluster.open(2, { log });
    cluster.settle();
    for (const name of NAMES) run(cluster.get(1), createCollection(name));
    cluster.settle();
    fill(0, 30);
    fill(3, 3);
    served = servedBy(cluster.get(2));
    const { id } = cluster.get(2).shard("compacted");
    assert.ok(log.checkpointParts(id, "current").length > 0);
    assert.equal(log.checkpointParts(cluster.get(2).shard("small").id, "current").length, 0);
    positions = [...log.read(0)].map(({ position }) => position);
    log.close();
    cluster.stop(2);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Starts on the log with this done to it. Returns the collections that are not served, all of which have a reason. */
  function startAfter(statement: string, options: { readonly images?: ImageSource } = {}): string[] {
    const file = fileOf("damaged.db");
    for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
    copyFileSync(fileOf("whole.db"), file);
    const database = new Database(file);
    // some that SQLite itself does not take
    const { changes } = database.prepare(statement.replace("UPDATE", "UPDATE OR IGNORE")).run();
    database.close();
    if (changes === 0) return [];
    const log = new SqliteOpLog(file);
    try {
      const replica = cluster.open(2, { log, ...options });
      const here = servedBy(replica);
      for (const [name, state] of here) assert.equal(state, served.get(name), `${statement}: ${name} is what it was`);
      const named = new Map(replica.quarantined().map(({ collection, reason }) => [collection, reason]));
      const missing = [...served.keys()].filter((name) => !here.has(name));
      for (const name of missing) {
        assert.ok((named.get(name) ?? named.get("") ?? "").length > 10, `${statement}: ${name} has a reason`);
      }
      return [...named.keys()];
    } finally {
      log.close();
    }
  }

  test("any row that is lost: every collection is what it was, or not served for a reason", () => {
    const missed = positions.filter((at) => startAfter(`DELETE FROM operations WHERE position = ${at}`).length > 0);
    assert.ok(missed.length > 10, `${missed.length} of ${positions.length}`);
  });

  test("any row that stands elsewhere: every collection is what it was, or not served for a reason", () => {
    const changes = [
      "position = position + 100000",
      "position = -position",
      "shard = shard % 3 + 1",
      "origin = 3 - origin",
      "origin = origin + 64",
      "sequence = sequence + 1000",
    ];
    const missed = positions.filter((at, i) => {
      const set = changes[i % changes.length];
      return startAfter(`UPDATE operations SET ${set} WHERE position = ${at}`).length > 0;
    });
    assert.ok(missed.length > 10, `${missed.length} of ${positions.length}`);
  });

  test("the newest row of each origin is missed", () => {
    const newest = "SELECT max(position) FROM operations JOIN shards ON key = shard WHERE name";
    for (const name of NAMES) {
      const { id } = cluster.get(1).shard(name);
      for (const origin of [1, 2]) {
        const statement = `DELETE FROM operations WHERE position = (${newest} = '${id}' AND origin = ${origin})`;
        assert.deepEqual(startAfter(statement), [name], `${name}, ${origin}`);
      }
    }
    assert.deepEqual(startAfter(`DELETE FROM operations WHERE position = (${newest} = 'system')`), [""]);
  });

  test("a catalogue that is not known to be whole is not by the next start either", () => {
    assert.deepEqual(startAfter("UPDATE settings SET value = 'z' WHERE name = 'causality.system'"), []);
    const both =
      "UPDATE frontiers SET sequence = sequence + 1 WHERE shard = (SELECT key FROM shards WHERE name = 'system')";
    const isHeld = (log: SqliteOpLog) =>
      cluster
        .open(2, { log })
        .quarantined()
        .some(({ shard }) => shard === "system");
    startAfter(both);
    const database = new Database(fileOf("damaged.db"));
    database.exec(both);
    database.exec("UPDATE settings SET value = 'z' WHERE name = 'causality.system'");
    database.close();
    for (let start = 0; start < 3; start++) {
      const log = new SqliteOpLog(fileOf("damaged.db"));
      assert.ok(isHeld(log), `start ${start}`);
      log.close();
    }
  });

  test("behind an image of the graph, any row", () => {
    const { id } = cluster.get(1).shard("small");
    const log = new SqliteOpLog(fileOf("whole.db"), { readOnly: true });
    const entries = [...log.read(0, { shard: id })];
    log.close();
    const images: ImageSource = {
      open: (shard) => {
        if (shard !== id) return undefined;
        const [small] = [...imaged.writableShards()].filter(({ shard: one }) => one.id === id);
        const [index] = small?.indexes.values() ?? [];
        assert.ok(small !== undefined && index !== undefined);
        const bytes = Buffer.concat([
          ...index.image(imageNote({ position: at, token: undefined }, small.shard.causality)),
        ]);
        let read = 0;
        return (target) => {
          target.set(bytes.subarray(read, read + target.length));
          read += target.length;
          return read <= bytes.length;
        };
      },
      used: (shard) => assert.equal(shard, id),
      refused: (_shard, _vector, error) => assert.fail(error),
      openTable: () => undefined,
      refusedTable: (_shard, error) => assert.fail(error),
    };
    // a replica that holds what the log does up to there
    const at = entries[Math.trunc(entries.length / 2)]?.position ?? 0;
    const half = fileOf("half.db");
    copyFileSync(fileOf("whole.db"), half);
    const imagedLog = new SqliteOpLog(half);
    imagedLog.transaction((writer) => {
      const frontier = new Map<number, number>();
      for (const { position, origin, sequence } of entries) if (position <= at) frontier.set(origin, sequence);
      writer.mendFrontier(id, frontier);
    });
    const database = new Database(half);
    database
      .prepare(`DELETE FROM operations WHERE position > ${at} AND shard = (SELECT key FROM shards WHERE name = ?)`)
      .run(id);
    database.prepare("DELETE FROM settings WHERE name = ?").run(`causality.${id}`);
    database.close();
    const imaged = cluster.open(2, { log: imagedLog });
    assert.ok(imaged.digest("small").points > 0);
    for (const { position } of entries) {
      const missing = startAfter(`DELETE FROM operations WHERE position = ${position}`, { images });
      assert.deepEqual(missing, position > at ? ["small"] : [], String(position));
    }
    imagedLog.close();
  });
});
