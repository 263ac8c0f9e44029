import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MurmurationError, type PointId } from "@murmuration/index";
import type { Command } from "../../command/command.js";
import { limits } from "../../limits.js";
import { SqliteOpLog } from "../../log/sqlite-op-log.js";
import { plant } from "../../planted.js";
import { Cluster } from "../cluster.test-support.js";
import type { Replica } from "../replica.js";
import {
  createCollection,
  identity,
  openReplica,
  point,
  REPLICA_ID,
  run,
  space,
  upsert,
  where,
} from "../replica.test-support.js";
import { statusOf } from "./erasure-status.js";

const SECRET_TEXT = "secretmarker";
const SECRET_NUMBER = 0x1234567_89abcd;
const SECRET_ID = "5ec2e75e-c2e7-4ec2-8ec2-e75ec2e75ec2";
/** f32 words that no other vector has. */
const secretVector = [1234.5677, -987.65432];

/** What must not be found: bytes of a text, a UUID, a vector, a number as columns keep it. */
const markers: { readonly [what: string]: Buffer } = {
  text: Buffer.from(SECRET_TEXT),
  id: Buffer.from(SECRET_ID.replaceAll("-", ""), "hex"),
  vector: Buffer.from(Float32Array.from(secretVector).buffer),
  number: (() => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(SECRET_NUMBER));
    return bytes;
  })(),
};

const begin = (collection = "c"): Command => ({
  kind: "begin-erasure",
  collection,
  points: 1,
  by: "tests",
  through: [],
  askedMs: 0,
});
const confirm = (...erasures: string[]): Command => ({
  kind: "confirm-erasures",
  erasures,
  done: { images: "written" },
  replica: 0,
  atMs: 0,
});

/** As an id stands in a table. */
const turned = (bytes: Buffer) => Buffer.from(bytes).reverse();

function found(bytes: Buffer): string[] {
  const of = (what: string, marker: Buffer) => (bytes.includes(marker) ? [what] : []);
  return Object.entries(markers).flatMap(([what, marker]) => [
    ...of(what, marker),
    ...(what === "id" ? of("id in words", turned(marker)) : []),
  ]);
}

/** All that a replica would write of its memory. */
function images(replica: Replica): Buffer {
  return Buffer.concat(
    [...replica.writableShards()].flatMap(({ indexes, rows }) => [
      ...[...indexes.values()].flatMap((one) => one.image("")),
      ...rows.image(""),
    ]),
  );
}

function filesIn(folder: string): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
}

const secretPoints: readonly [PointId, number][] = [
  [SECRET_ID, 0],
  [7_001, 1],
];

/** Points that stay, others that are to be erased, and what was written over and deleted of these. */
function fill(replica: Replica): void {
  run(
    replica,
    createCollection("c", { "": space(2), sparse: { kind: "sparse" } }),
    { kind: "create-payload-index", collection: "c", path: "tag", schema: { kind: "keyword" } },
    { kind: "create-payload-index", collection: "c", path: "n", schema: { kind: "integer" } },
  );
  const ordinary = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => point(from + i, [from + i, 1], { tag: `t${i % 5}`, n: i }));
  run(replica, upsert("c", ordinary(0, 150)));
  for (let version = 0; version < 3; version++) {
    run(
      replica,
      upsert(
        "c",
        secretPoints.map(([id, i]) =>
          point(id, secretVector, {
            who: "x",
            tag: `${SECRET_TEXT}${i}`,
            n: SECRET_NUMBER,
            text: `${version} ${SECRET_TEXT}`,
          }),
        ),
      ),
    );
  }
  run(replica, upsert("c", [point(7_001, [1, 2], { who: "x", tag: "plain" })]));
  run(replica, upsert("c", ordinary(150, 200)));
}

const isSecret = where({ kind: "match-value", key: "who", value: "x" });
const erase: Command[] = [{ kind: "delete-points", collection: "c", target: { filter: isSecret } }, begin()];

function withFolder(act: (folder: string, open: (name: string) => SqliteOpLog) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "murmur-erase-"));
  try {
    act(folder, (name) => new SqliteOpLog(join(folder, `${name}.db`)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const stageOf = (replica: Replica) => replica.erasures.status()[0]?.here.stage;

describe("an erasure", () => {
  test("leaves nothing in the log's files and in what would be written of memory, and all else as it was", () => {
    withFolder((folder, open) => {
      const log = open("1");
      const replica = openReplica({ log });
      fill(replica);
      for (let i = 0; i < 3; i++) replica.tick();
      assert.deepEqual(found(filesIn(folder)).sort(), ["id", "text", "vector"]);
      assert.deepEqual(found(images(replica)).sort(), ["id in words", "number", "text", "vector"].sort());
      run(replica, ...erase);
      const wanted = (identity(replica) as { digests: { points: number; pointsDigest?: string }[] }).digests;
      assert.deepEqual(found(filesIn(folder)).sort(), ["id", "text", "vector"]);
      const [early] = replica.execute([confirm(replica.erasures.status()[0]?.id ?? "")]).outcomes;
      assert.ok(early instanceof MurmurationError && early.code === "unavailable");
      for (let i = 0; i < 100 && stageOf(replica) !== "outside"; i++) replica.tick();
      assert.equal(stageOf(replica), "outside");
      assert.deepEqual(found(filesIn(folder)), []);
      assert.deepEqual(found(images(replica)), []);
      run(replica, confirm(...replica.erasures.ready()));
      replica.tick();
      const [status] = replica.erasures.status();
      assert.ok(status?.isOver && status.points === 1 && status.by === "tests");
      assert.deepEqual(
        status.replicas.map(({ replica: id, state }) => [id, state]),
        [[REPLICA_ID, "erased"]],
      );
      const after = (identity(replica) as { digests: typeof wanted }).digests;
      assert.equal(after[0]?.points, wanted[0]?.points);
      assert.deepEqual(identity(openReplica({ log, recoverFrom: "log" })), identity(replica));
      log.close();
    });
  });

  test("waits for a member that is cut off, names it, and is over when all have said so", () => {
    withFolder((folder, open) => {
      const cluster = new Cluster([1, 2, 3]);
      const logs = [1, 2, 3].map((id) => open(String(id)));
      for (const id of [1, 2, 3]) cluster.open(id, { log: logs[id - 1] as SqliteOpLog });
      cluster.settle();
      cluster.pass(40);
      fill(cluster.get(1));
      cluster.settle();
      cluster.cut(1, 3);
      cluster.cut(2, 3);
      // it writes of the same point, and does not know that it is to go
      run(cluster.get(3), upsert("c", [point(7_001, secretVector, { who: "x", tag: SECRET_TEXT })]));
      cluster.nowMs += 10;
      run(cluster.get(1), ...erase);
      cluster.pass(30);
      assert.equal(stageOf(cluster.get(1)), "delivery");
      assert.deepEqual(cluster.get(1).erasures.status()[0]?.here.waitsFor, [3]);
      assert.ok(found(filesIn(folder)).length > 0);
      cluster.heal();
      const confirmAll = () => {
        for (const replica of cluster.replicas.values()) {
          const ready = replica.erasures.ready();
          if (ready.length > 0) run(replica, confirm(...ready));
        }
      };
      for (let i = 0; i < 300 && cluster.get(2).erasures.status()[0]?.isOver !== true; i++) {
        cluster.pass(1);
        confirmAll();
      }
      cluster.settle();
      for (const id of [1, 2, 3]) {
        const [status] = cluster.get(id).erasures.status();
        assert.ok(status?.isOver, `replica ${id}: ${JSON.stringify(status)}`);
        assert.deepEqual(
          status.replicas.map(({ state }) => state),
          ["erased", "erased", "erased"],
        );
        assert.deepEqual(found(images(cluster.get(id))), []);
      }
      assert.deepEqual(found(filesIn(folder)), []);
      assert.equal(cluster.get(3).digest("c").points, 200);
      for (const log of logs) log.close();
    });
  });

  test("goes on when the log could not be read for once, beside another one", () => {
    withFolder((_folder, open) => {
      const log = open("1");
      const replica = openReplica({ log });
      fill(replica);
      run(replica, createCollection("d", { "": space(2) }), upsert("d", [point(1, [1, 2], { who: "x" })]));
      run(replica, ...erase);
      const deleted: Command = { kind: "delete-points", collection: "d", target: { filter: isSecret } };
      run(replica, deleted, begin("d"));
      let nowMs = 0;
      const stages = () => replica.erasures.status().map(({ here }) => here.stage);
      const [shard] = [...replica.writableShards()].map(({ shard: { id } }) => id).sort();
      const { pointPage } = log;
      let hasFailed = false;
      log.pointPage = (of, after, limit) => {
        if (of !== shard) return pointPage.call(log, of, after, limit);
        hasFailed = true;
        throw new MurmurationError("storage", "cannot be read");
      };
      for (let i = 0; i < 60; i++) replica.erasures.tick((nowMs += limits.compactionRetryMs));
      assert.ok(hasFailed, "the log was asked");
      assert.match(
        replica.erasures.status().find(({ here }) => here.failure !== undefined)?.here.failure ?? "",
        /cannot be read/,
      );
      log.pointPage = pointPage;
      for (let i = 0; i < 100; i++) {
        replica.tick();
        replica.erasures.tick((nowMs += limits.compactionRetryMs));
      }
      assert.deepEqual(stages(), ["outside", "outside"]);
      log.close();
    });
  });

  test("leaves a point that is written again under the same id", () => {
    withFolder((folder, open) => {
      const log = open("1");
      const replica = openReplica({ log });
      fill(replica);
      run(replica, ...erase, upsert("c", [point(SECRET_ID, [3, 4], { tag: "again" })]));
      for (let i = 0; i < 100 && stageOf(replica) !== "outside"; i++) replica.tick();
      assert.deepEqual(found(filesIn(folder)), ["id"]);
      assert.equal(replica.digest("c").points, 201);
      log.close();
    });
  });

  for (const bug of ["erasure-keeps-checkpoint", "purged-vectors-stay"] as const) {
    test(`is not over with the planted bug ${bug}`, () => {
      withFolder((folder, open) => {
        const log = open("1");
        const replica = openReplica({ log });
        fill(replica);
        plant([bug]);
        try {
          run(replica, ...erase);
          for (let i = 0; i < 100 && stageOf(replica) !== "outside"; i++) replica.tick();
          assert.notDeepEqual(found(Buffer.concat([filesIn(folder), images(replica)])), []);
        } finally {
          plant([]);
          log.close();
        }
      });
    });
  }

  test("names evicted members as out of reach", () => {
    const members = [
      { id: 1, region: "a", state: "active" as const },
      { id: 2, region: "b", state: "evicted" as const },
    ];
    const erasure = { id: "1-5", collection: "1-1", name: "c", points: 3, through: [], by: "x", askedMs: 5 };
    const receipts = [{ erasure: "1-5", replica: 1, atMs: 9, done: {} }];
    const here = { stage: "erased" as const, waitsFor: [], left: 0, lost: [], failure: undefined };
    const status = statusOf({ collections: {}, aliases: {}, members, erasures: [erasure], receipts }, erasure, 1, here);
    assert.ok(status.isOver);
    assert.deepEqual(status.replicas, [
      { replica: 1, state: "erased", atMs: 9, done: {} },
      { replica: 2, state: "out-of-reach" },
    ]);
  });
});
