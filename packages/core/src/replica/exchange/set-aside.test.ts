import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeEnvelope } from "../../gossip/envelope.js";
import { batchesOf } from "../../operation/batch.js";
import { encodeOperation } from "../../operation/codec.js";
import type { Operation, OperationBody } from "../../operation/operation.js";
import { Cluster } from "../cluster.test-support.js";
import type { Replica } from "../replica.js";
import { createCollection, payloadOf, point, run, upsert } from "../replica.test-support.js";
import { SetAside } from "./set-aside.js";

const FORGER = 2;

/** Rows of a replica, from a sequence on, as they come with a message of another one. */
function rows(
  to: Replica,
  shard: string,
  origin: number,
  first: number,
  all: readonly Uint8Array[],
  from = origin,
): void {
  for (const batch of batchesOf(shard, origin, first, all)) {
    to.receive(encodeEnvelope({ cluster: "c", from, to: 0, message: { kind: "operations", batch } }));
  }
}

/** Two replicas that have a collection, the second of which sends nothing more by itself. */
function subject(): { readonly cluster: Cluster; readonly replica: Replica; readonly shard: string } {
  const cluster = new Cluster([1, FORGER, 3]);
  cluster.settle();
  run(cluster.get(1), createCollection("c"), upsert("c", [point(1, [1, 0], { n: 1 })]));
  cluster.settle();
  return { cluster, replica: cluster.get(1), shard: cluster.get(1).shard("c").id };
}

const bytesOf = (cluster: Cluster, shard: string, origin: number, sequence: number, body: OperationBody) =>
  encodeOperation({
    shard,
    origin,
    sequence,
    time: { wallMs: cluster.nowMs, counter: sequence },
    dependencies: new Map(),
    ...body,
  });
const upsertBody = (id: number): OperationBody => ({
  kind: "upsert",
  id,
  vectors: [],
  payload: { by: FORGER },
  kept: [],
});

const pills: readonly (readonly [what: string, body: OperationBody])[] = [
  ["edges of an unknown vector", { kind: "edges", reason: "stitch", vector: "z", deltas: [] }],
  ["a purge of an unknown vector", { kind: "purge", vector: "z", dots: [] }],
  ["an operation of the catalogue", { kind: "catalogue", change: new Uint8Array() }],
  [
    "a kept vector that is not here",
    { kind: "upsert", id: 1, vectors: [], payload: {}, kept: [{ name: "", dot: { origin: 1, sequence: 99 } }] },
  ],
];

describe("an operation that does not fit", () => {
  for (const [what, body] of pills) {
    test(`(${what}) is set aside with its origin, named, and leaves nothing behind`, () => {
      const { cluster, replica, shard } = subject();
      const before = replica.digest("c");
      const later = bytesOf(cluster, shard, FORGER, 2, upsertBody(8));
      rows(replica, shard, FORGER, 1, [bytesOf(cluster, shard, FORGER, 1, body), later]);
      assert.deepEqual(replica.digest("c"), before);
      const { peering } = replica.status();
      const [aside] = peering?.setAside ?? [];
      assert.deepEqual(replica.leftOut().setAside, { total: 1, first: [aside] });
      assert.deepEqual(
        [aside?.shard, aside?.origin, aside?.sequence, aside?.from, aside?.attempts],
        [shard, FORGER, 1, FORGER, 1],
      );
      assert.equal(peering?.refused["cannot be applied"], 1);
      assert.match(peering?.incidents.at(-1)?.detail ?? "", /operation 2:1 of shard .* from 2/);

      // others go on, and the replica itself; what follows the operation is not even looked at
      run(replica, upsert("c", [point(5, [0, 1])]));
      rows(replica, shard, FORGER, 2, [later]);
      rows(replica, shard, 3, 1, [bytesOf(cluster, shard, 3, 1, upsertBody(9))]);
      assert.deepEqual(payloadOf(replica, "c", 9), { by: FORGER });
      assert.equal(replica.status().peering?.refused["cannot be applied"], 1);
      assert.equal(replica.status().peering?.inboxBytes, 0);

      // a good copy mends it
      rows(replica, shard, FORGER, 1, [bytesOf(cluster, shard, FORGER, 1, upsertBody(7)), later]);
      rows(replica, shard, FORGER, 2, [later]);
      assert.deepEqual(payloadOf(replica, "c", 8), { by: FORGER });
      assert.deepEqual(replica.status().peering?.setAside, []);
    });
  }

  test("is set aside when its row holds none, and what came before it in its batch is not", () => {
    const { cluster, replica, shard } = subject();
    rows(replica, shard, FORGER, 1, [
      bytesOf(cluster, shard, FORGER, 1, upsertBody(7)),
      Uint8Array.of(1, 2, 3),
      bytesOf(cluster, shard, FORGER, 3, upsertBody(8)),
    ]);
    assert.deepEqual(payloadOf(replica, "c", 7), { by: FORGER });
    assert.equal(payloadOf(replica, "c", 8), undefined);
    assert.deepEqual(
      replica.status().peering?.setAside.map(({ origin, sequence }) => [origin, sequence]),
      [[FORGER, 2]],
    );
  });

  test("because it and another one wait for each other holds neither origin's shard up, nor anybody else", () => {
    const { cluster, replica, shard } = subject();
    const waiting = (origin: number, sequence: number, dependencies: Operation["dependencies"]) =>
      encodeOperation({
        ...{ shard, origin, sequence, dependencies, time: { wallMs: cluster.nowMs, counter: sequence } },
        ...upsertBody(20 + origin),
      });
    rows(replica, shard, FORGER, 1, [waiting(FORGER, 1, new Map([[3, 1]]))]);
    assert.deepEqual(replica.status().peering?.setAside, []);
    rows(replica, shard, 3, 1, [waiting(3, 1, new Map([[FORGER, 7]]))]);
    const { peering } = replica.status();
    assert.deepEqual(peering?.setAside.map(({ origin, sequence }) => [origin, sequence]).sort(), [
      [FORGER, 1],
      [3, 1],
    ]);
    assert.deepEqual([peering?.inboxBytes, peering?.refused["cannot be applied"]], [0, 2]);
    rows(replica, shard, 3, 1, [bytesOf(cluster, shard, 3, 1, upsertBody(9))]);
    assert.deepEqual(payloadOf(replica, "c", 9), { by: FORGER });
  });

  test("is asked for again, slowly, and of another replica first", () => {
    const aside = new SetAside();
    const failed = { shard: "s", origin: 2, sequence: 5, code: "corrupt" as const, reason: "no", from: 2 };
    aside.note(failed, 0);
    assert.deepEqual(aside.wanted("s", 2, 9, 4_999), { known: 4, avoid: new Set() });
    assert.deepEqual(aside.wanted("s", 2, 9, 5_000), { known: 5, avoid: new Set([2]) });
    aside.note({ ...failed, from: 3 }, 5_000);
    assert.deepEqual(aside.wanted("s", 2, 9, 14_999).known, 4);
    assert.deepEqual(aside.wanted("s", 2, 9, 15_000), { known: 5, avoid: new Set([2, 3]) });
    for (let attempt = 0; attempt < 40; attempt++) aside.note(failed, 20_000);
    assert.equal(aside.wanted("s", 2, 9, 20_000 + 299_999).known, 4);
    assert.equal(aside.wanted("s", 2, 9, 20_000 + 300_000).known, 5);
    aside.noteHeld("s", 2, 4);
    assert.equal(aside.list()[0]?.attempts, 42);
    aside.noteHeld("s", 2, 5);
    assert.deepEqual(aside.list(), []);
    assert.deepEqual(aside.wanted("s", 2, 9, 20_000), { known: 9, avoid: new Set() });
  });

  test("is healed by a peer whose copy is good", () => {
    const { cluster, replica, shard } = subject();
    cluster.cut(FORGER, 1);
    run(cluster.get(FORGER), upsert("c", [point(20, [1, 1], { n: 20 })]));
    rows(replica, shard, FORGER, 1, [Uint8Array.of(9)]);
    assert.equal(replica.status().peering?.setAside.length, 1);
    cluster.pass(100);
    assert.deepEqual(payloadOf(replica, "c", 20), { n: 20 });
    assert.deepEqual(replica.status().peering?.setAside, []);
  });
});
