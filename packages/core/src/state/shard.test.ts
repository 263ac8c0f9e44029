import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError, type PointId, type Space } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import type { Operation, OperationBody } from "../operation/operation.js";
import { space } from "../replica/replica.test-support.js";
import { graphDigest, pointsDigest } from "./digest.js";
import { newIndex, openShard } from "./open-shard.js";
import { countedPayloadKeys } from "./payload-keys.js";
import type { Journal, Shard } from "./shard.js";

const collection: Collection = { id: "s", name: "s", vectors: { x: space(2) }, payloadIndexes: {}, settings: {} };

function newShard(described: Collection = collection): { readonly shard: Shard; readonly index: Space } {
  const index = newIndex(space(2));
  return { shard: openShard(described, new Map([["x", index]]), countedPayloadKeys()).shard, index };
}

function operation(origin: number, sequence: number, wallMs: number, body: OperationBody): Operation {
  return { shard: "s", origin, sequence, time: { wallMs, counter: 0 }, dependencies: new Map(), ...body };
}

/** An upsert planned on this graph. */
function upsert(
  index: Space,
  origin: number,
  sequence: number,
  wallMs: number,
  id: PointId,
  values: readonly number[],
): Operation {
  const vector = Float32Array.from(values);
  const delta = index.plan({ origin, sequence }, vector);
  return operation(origin, sequence, wallMs, {
    kind: "upsert",
    id,
    vectors: [{ name: "x", values: vector, delta }],
    payload: { of: origin },
    kept: [],
  });
}

const stateOf = (shard: Shard, index: Space) => ({
  points: pointsDigest(shard),
  graph: graphDigest({ shard, indexes: new Map([["x", index]]) }),
  frontier: [...shard.frontier],
  visible: shard.graph("x").reader.visibleCount,
  size: shard.table.size,
});

describe("a shard", () => {
  test("shows of two concurrent versions the later one, and the other's node is dead from the start", () => {
    const { shard, index } = newShard();
    const winner = upsert(index, 1, 1, 20, 7, [1, 0]);
    shard.apply(winner);
    const { slots } = shard.apply(upsert(index, 2, 1, 10, 7, [0, 1]));
    const { reader } = shard.graph("x");
    assert.deepEqual([reader.isVisible(slots[0] as number), reader.nodeAt(slots[0] as number).dead], [false, true]);
    assert.equal(reader.visibleCount, 1);
    assert.deepEqual(shard.table.live(7)?.payload, { of: 1 });
    assert.deepEqual(
      shard.frontier,
      new Map([
        [1, 1],
        [2, 1],
      ]),
    );
  });

  test("takes every kind of operation back with its journal, in reverse", () => {
    const bodies: OperationBody[] = [
      { kind: "delete", ids: [1, 99] },
      { kind: "delete-vectors", ids: [1, 2], names: ["x"] },
      { kind: "set-payload", ids: [1, 2], fields: { n: 5 } },
      { kind: "overwrite-payload", ids: [1], payload: { n: 6 } },
      { kind: "delete-payload", ids: [1], fields: ["of"] },
      { kind: "clear-payload", ids: [1, 2] },
    ];
    const { shard, index } = newShard({ ...collection, payloadIndexes: { of: { kind: "integer" } } });
    for (let i = 1; i <= 9; i++) shard.apply(upsert(index, 1, i, i, i, [i % 3, i % 4]));
    const before = stateOf(shard, index);
    const journal: Journal = [];
    for (const [i, body] of bodies.entries()) shard.apply(operation(1, 10 + i, 100 + i, body), journal);
    shard.apply(upsert(index, 1, 16, 200, 1, [5, 5]), journal);
    shard.apply(upsert(index, 1, 17, 201, 50, [6, 6]), journal);
    const vector = Float32Array.of(7, 7);
    const delta = index.plan({ origin: 3, sequence: 1 }, vector);
    shard.apply(
      operation(3, 1, 202, {
        kind: "update-vectors",
        id: 2,
        vectors: [{ name: "x", values: vector, delta }],
        kept: [],
      }),
      journal,
    );
    assert.notDeepEqual(stateOf(shard, index), before);
    for (const undo of journal.reverse()) undo();
    assert.deepEqual(stateOf(shard, index), before);
  });

  test("names a payload anew when it changes, and as before when vectors do or it is taken back", () => {
    const { shard, index } = newShard();
    for (let i = 1; i <= 3; i++) shard.apply(upsert(index, 1, i, i, i, [i, 1]));
    const keys = () => [1, 2, 3, 9].map((id) => shard.table.payloadKeyOf(id));
    const [first, second, third, none] = keys() as [number, number, number, number];
    assert.equal(new Set([first, second, third]).size, 3);
    assert.equal(none, 0);
    let sequence = 3;
    const apply = (body: OperationBody, journal?: Journal) => {
      sequence++;
      shard.apply(operation(1, sequence, 10 + sequence, body), journal);
    };
    apply({ kind: "delete-vectors", ids: [1, 2, 3], names: ["x"] });
    assert.deepEqual(keys(), [first, second, third, 0]);
    const journal: Journal = [];
    const frontier = sequence;
    apply({ kind: "set-payload", ids: [1], fields: { n: 1 } }, journal);
    apply({ kind: "clear-payload", ids: [2] }, journal);
    apply({ kind: "delete", ids: [3] }, journal);
    const [changed, ...gone] = keys() as [number, ...number[]];
    assert.ok(changed > third);
    assert.deepEqual(gone, [0, 0, 0]);
    for (const undo of journal.reverse()) undo();
    sequence = frontier;
    assert.deepEqual(keys(), [first, second, third, 0]);
    apply({ kind: "overwrite-payload", ids: [1, 3], payload: { n: 2 } });
    assert.equal(new Set([...keys(), first, third, changed]).size, 7, "no key names two payloads");
  });

  test("passes over parts written to a point that it does not hold", () => {
    const { shard, index } = newShard();
    shard.apply(operation(1, 1, 1, { kind: "set-payload", ids: [5], fields: { n: 1 } }));
    assert.equal(shard.table.state(5), undefined);
    assert.equal(stateOf(shard, index).size, 0);
    assert.deepEqual(shard.frontier, new Map([[1, 1]]));
  });

  test("keeps a tombstone of a deleted point, which counts in the digest and nowhere else", () => {
    const { shard, index } = newShard();
    const empty = pointsDigest(shard);
    shard.apply(upsert(index, 1, 1, 1, 5, [1, 1]));
    shard.apply(operation(1, 2, 2, { kind: "delete", ids: [5] }));
    assert.equal(shard.table.size, 0);
    assert.equal(shard.table.live(5), undefined);
    assert.equal(shard.table.state(5)?.exists, false);
    assert.notEqual(pointsDigest(shard), empty);
    assert.equal(shard.apply(upsert(index, 2, 1, 1, 5, [1, 1])).ids.length, 1);
    assert.equal(shard.table.size, 0);
  });

  test("has a digest that does not depend on the order of points, and depends on every part of them", () => {
    const make = (ids: readonly number[], payload = { a: 1, b: 2 } as object) => {
      const { shard } = newShard();
      for (const id of ids) {
        shard.apply(operation(id, 1, id, { kind: "upsert", id, vectors: [], payload: payload as never, kept: [] }));
      }
      return pointsDigest(shard);
    };
    assert.equal(make([1, 2, 3]), make([3, 1, 2]));
    assert.equal(make([1], { a: { x: 1, y: 2 } }), make([1], { a: { y: 2, x: 1 } }));
    assert.equal(make([1], { a: [{ x: 1, y: 2 }] }), make([1], { a: [{ y: 2, x: 1 }] }));
    assert.notEqual(make([1, 2]), make([1, 3]));
    assert.notEqual(make([1]), make([1], { a: 1, b: 3 }));
    assert.notEqual(make([1]), make([]));
  });

  test("builds and drops payload indexes as its description says", () => {
    const { shard, index } = newShard();
    shard.apply(upsert(index, 1, 1, 1, 5, [1, 1]));
    shard.describe({ ...collection, payloadIndexes: { of: { kind: "integer" }, "a.b": { kind: "keyword" } } });
    assert.deepEqual(shard.table.indexPaths().sort(), ["a.b", "of"]);
    shard.describe({ ...collection, payloadIndexes: { of: { kind: "integer" } } });
    assert.deepEqual(shard.table.indexPaths(), ["of"]);
    shard.describe({ ...collection, payloadIndexes: { of: { kind: "keyword" } } });
    assert.deepEqual(shard.table.indexPaths(), ["of"]);
  });

  test("has no graph of another name", () => {
    const isWrong = (error: unknown) => error instanceof MurmurationError && error.code === "wrong-input";
    assert.throws(() => newShard().shard.graph("y"), isWrong);
  });
});
