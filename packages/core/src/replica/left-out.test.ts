import assert from "node:assert/strict";
import { test } from "node:test";
import { CatalogueDocument } from "../catalogue/catalogue-document.js";
import { hostileChange, hostileEdits } from "../catalogue/hostile-changes.test-support.js";
import { limits } from "../limits.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { decodeOperation, encodeOperation } from "../operation/codec.js";
import { SYSTEM_SHARD } from "./commit/stored-causality.js";
import { leftOut, nothingLeftOut } from "./left-out.js";
import { createCollection, openReplica, REPLICA_ID, run } from "./replica.test-support.js";

test("an entry of the catalogue that the log holds and that cannot be read is named after a start", () => {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("c"));
  assert.deepEqual(replica.leftOut(), nothingLeftOut);
  let document = CatalogueDocument.create(9);
  for (const { bytes, origin, sequence } of log.read(0, { shard: SYSTEM_SHARD })) {
    const operation = decodeOperation(SYSTEM_SHARD, origin, sequence, bytes);
    if (operation.kind === "catalogue") document = document.restore([operation.change]);
  }
  const dot = { origin: 9, sequence: 1 };
  const change = hostileChange(document, dot, hostileEdits["an alias to a number"] as (typeof hostileEdits)[string]);
  const time = { wallMs: 2_000, counter: 0 };
  const dependencies = new Map([[REPLICA_ID, 1]]);
  const row = encodeOperation({ shard: SYSTEM_SHARD, ...dot, time, dependencies, kind: "catalogue", change });
  log.transaction((writer) => writer.append(SYSTEM_SHARD, dot.origin, dot.sequence, row));
  const again = openReplica({ log });
  const problem = 'aliases ":b": it leads to no collection';
  assert.deepEqual(again.leftOut().catalogueProblems, { total: 1, first: [problem] });
  assert.deepEqual(again.standing().reasons, []);
});

test("what is shown is bounded, however much is left out and whatever it says", () => {
  const problems = Array.from({ length: 1_000 }, (_, i) => `${i} ${"😀".repeat(100_000)}`);
  const operation = { shard: "s", origin: 2, sequence: 1, code: "corrupt", from: 2, sinceMs: 0, attempts: 1 } as const;
  const aside = Array.from({ length: 1_000 }, () => ({ ...operation, reason: "x".repeat(100_000) }));
  const { setAside, catalogueProblems } = leftOut(aside, problems);
  assert.deepEqual([setAside.total, catalogueProblems.total], [1_000, 1_000]);
  assert.deepEqual([setAside.first.length, catalogueProblems.first.length], [limits.leftOutShown, limits.leftOutShown]);
  assert.ok(JSON.stringify({ setAside, catalogueProblems }).length < 64 * 1024);
  assert.ok(catalogueProblems.first.every((problem) => problem.isWellFormed()));
});
