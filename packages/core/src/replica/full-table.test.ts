import assert from "node:assert/strict";
import { test } from "node:test";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { NearlyFullTable } from "./nearly-full-table.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import {
  createCollection,
  identity,
  openReplica,
  payloadOf,
  point,
  refusal,
  run,
  tagIs,
  upsert,
} from "./replica.test-support.js";

const text = (id: number) => `a text of its own: ${id}`;
const texts = (from: number, count: number) =>
  upsert(
    "c",
    Array.from({ length: count }, (_, i) => point(from + i, [(from + i) % 13, 1], { tag: text(from + i) })),
  );
const idsFrom = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const deleted = (ids: number[]) => ({ kind: "delete-points", collection: "c", target: { ids } }) as const;

/** A replica with points and an index of their texts, each of which takes room in the arena. */
function filled(): { log: FailingOpLog; replica: Replica; table: NearlyFullTable } {
  const log = new FailingOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("c"), texts(0, 300));
  run(replica, { kind: "create-payload-index", collection: "c", path: "tag", schema: { kind: "keyword" } });
  while (replica.buildIndexes(1_000));
  return { log, replica, table: new NearlyFullTable(replica) };
}

const count = (replica: Replica) => new ReadsHere(replica, "c").count();
const found = (replica: Replica, id: number) => new ReadsHere(replica, "c").count(tagIs(text(id)));

for (const [what, fill, message] of [
  [
    "rows",
    (table: NearlyFullTable) => table.leaveRows(3),
    /the table of collection c is full: of \d+ rows none is free/,
  ],
  ["columns", (table: NearlyFullTable) => table.leaveArena(64), /the memory of the table is full/],
] as const) {
  test(`a table whose ${what} are full says so, applies nothing by half, and goes on when there is room`, () => {
    const { log, replica, table } = filled();
    const before = identity(replica);
    fill(table);
    const refused = refusal(replica, texts(1_000, 600));
    assert.equal(refused.code, "capacity");
    assert.match(refused.message, message);
    assert.deepEqual(identity(replica), before);
    assert.deepEqual(identity(openReplica({ log })), before, "nor is anything of it in the log");
    // in a group, others are not refused with it
    const [big, small] = replica.execute([texts(1_000, 600), deleted([299])]).outcomes;
    assert.ok(big instanceof Error && !(small instanceof Error));

    assert.equal(found(replica, 17), 1);
    run(replica, deleted(idsFrom(0, 200)));
    assert.deepEqual([count(replica), found(replica, 17), found(replica, 250)], [99, 0, 1]);
    assert.equal(payloadOf(replica, "c", 250)?.["tag"], text(250));

    // what was deleted has made room for as much
    for (let i = 0; i < 4; i++) replica.tick();
    run(replica, texts(2_000, 50));
    assert.deepEqual([count(replica), found(replica, 2_049)], [149, 1]);

    table.makeRoom();
    run(replica, texts(1_000, 600));
    assert.deepEqual([count(replica), found(replica, 1_599)], [749, 1]);
    assert.deepEqual(identity(openReplica({ log })), identity(replica));
  });
}
