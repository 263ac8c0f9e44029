import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { VectorSpace } from "../catalogue/collection.js";
import type { Command } from "../command/command.js";
import { decodeEnvelope } from "../gossip/envelope.js";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { decodeBatch } from "../operation/batch.js";
import { Cluster } from "./cluster.test-support.js";
import { SYSTEM_SHARD } from "./commit/stored-causality.js";
import { assertRestarts } from "./memory-images.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import {
  createCollection,
  identity,
  openReplica,
  point,
  refusal,
  run,
  space,
  steppingClock,
  upsert,
  vectorsOf,
} from "./replica.test-support.js";

const add = (name: string, of: VectorSpace = space(3)): Command => ({
  kind: "add-vector",
  collection: "c",
  name,
  space: of,
  given: {},
});
const drop = (name: string): Command => ({ kind: "drop-vector", collection: "c", name });
const f32 = (...values: number[]) => Float32Array.from(values);
const give = (id: number, vectors: { [name: string]: Float32Array }): Command => ({
  kind: "update-vectors",
  collection: "c",
  points: [{ id, vectors }],
});

function nearest(replica: Replica, using: string, query: Float32Array): (number | string)[] {
  const selection = { payload: false, vectors: false } as const;
  const found = new ReadsHere(replica, "c").nearest({ query, using, limit: 10, offset: 0, parameters: {}, selection });
  return found.map(({ id }) => Number(id));
}

const names = (replica: Replica) => Object.keys(replica.shard("c").collection.vectors);

describe("vectors of a collection that stands", () => {
  it("are added, written, found and dropped, over restarts", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("c"), upsert("c", [point(1, [1, 0]), point(2, [0, 1], { n: 1 })]));
    run(replica, add("b"), give(1, { b: f32(1, 2, 3) }), upsert("c", [point(3, { "": f32(1, 1), b: f32(0, 0, 1) })]));
    assert.deepEqual(names(replica), ["", "b"]);
    assert.deepEqual(vectorsOf(replica, "c", 1), { "": [1, 0], b: [1, 2, 3] });
    assert.deepEqual(vectorsOf(replica, "c", 2), { "": [0, 1] });
    assert.deepEqual(nearest(replica, "b", f32(0, 0, 1)), [1, 3]);
    assertRestarts(log, replica);
    run(replica, drop("b"));
    assert.deepEqual(names(replica), [""]);
    assert.deepEqual(vectorsOf(replica, "c", 3), { "": [1, 1] });
    assert.equal(refusal(replica, give(1, { b: f32(1, 2, 3) })).code, "wrong-input");
    assert.equal(refusal(replica, drop("b")).message, "Not existing vector name error: b");
    assertRestarts(log, replica);
  });

  it("may be the first one, which then can have another size, and have nothing of what was there before", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("c"), upsert("c", [point(1, [1, 0]), point(2, [0, 1])]));
    run(replica, drop(""), add("", space(4)));
    assert.deepEqual(vectorsOf(replica, "c", 1), {});
    run(replica, give(2, { "": f32(1, 2, 3, 4) }));
    assert.deepEqual(nearest(replica, "", f32(1, 1, 1, 1)), [2]);
    assertRestarts(log, replica);
    run(replica, drop(""), add("", space(2)), drop(""), add("", space(2)));
    assert.deepEqual(
      [1, 2].map((id) => vectorsOf(replica, "c", id)),
      [{}, {}],
    );
    assertRestarts(log, replica);
  });

  it("are refused where another has the name, and are the same where it has the same parameters", () => {
    const replica = openReplica();
    run(replica, createCollection("c"));
    run(replica, add("b"));
    assert.match(refusal(replica, add("b", space(4))).message, /already exists with other parameters/);
    assert.deepEqual(
      replica.execute([add("b")]).outcomes.map((one) => "changed" in one && one.changed),
      [false],
    );
    assert.equal(refusal(replica, add("__proto__")).code, "format");
    assert.equal(refusal(replica, add("b\u00001.0123456789abcdef")).code, "format");
  });

  it("are as before where the log refuses the change, and its group", () => {
    const log = new FailingOpLog();
    const replica = openReplica({ log, clock: steppingClock() });
    run(replica, createCollection("c"), upsert("c", [point(1, [1, 0])]), add("b"), give(1, { b: f32(1, 2, 3) }));
    const before = identity(replica);
    for (const commands of [
      [add("d")],
      [drop("b")],
      [drop(""), add("", space(5)), give(1, { "": f32(1, 2, 3, 4, 5) })],
    ]) {
      log.failAfter(0);
      assert.ok(replica.execute(commands).outcomes.every((outcome) => outcome instanceof Error));
      log.failAfter(Number.POSITIVE_INFINITY);
      assert.deepEqual(identity(replica), before);
    }
    run(replica, give(1, { "": f32(2, 2), b: f32(3, 2, 1) }));
    assert.deepEqual(vectorsOf(replica, "c", 1), { "": [2, 2], b: [3, 2, 1] });
  });
});

/** What clients of a replica can tell of a collection. */
function seen(replica: Replica): unknown {
  const ids = [1, 2, 3, 4, 5, 6];
  const all = { payload: true, vectors: true } as const;
  return {
    vectors: replica.shard("c").collection.vectors,
    points: new ReadsHere(replica, "c").retrieve(ids, all),
    digest: replica.digest("c"),
  };
}

/** Does a message bring operations of the catalogue? */
function isOfCatalogue(bytes: Uint8Array): boolean {
  const { message } = decodeEnvelope(bytes);
  return message.kind === "operations" && decodeBatch(message.batch).shard === SYSTEM_SHARD;
}

describe("vectors that replicas add and drop", () => {
  function cluster(): Cluster {
    const made = new Cluster([1, 2, 3]);
    made.settle();
    run(made.get(1), createCollection("c"), upsert("c", [point(1, [1, 0]), point(2, [0, 1])]));
    made.settle();
    return made;
  }

  /** Settled, all are the same to their clients, and stay so over a start from the operations. */
  function assertSame(made: Cluster): void {
    made.settle();
    const [first, ...others] = [...made.replicas.values()].map(seen);
    for (const other of others) assert.deepEqual(other, first);
    for (const [id, replica] of made.replicas) {
      assert.deepEqual(replica.status().peering?.setAside, [], `replica ${id}`);
      const again = openReplica({ log: made.logs.get(id) as MemoryOpLog, recoverFrom: "log", newReplicaId: () => id });
      assert.deepEqual(identity(again), identity(replica));
    }
  }

  it("are one where they are added with the same parameters at once, with the points of all", () => {
    const made = cluster();
    made.cut(1, 2);
    run(made.get(1), add("b"), give(1, { b: f32(1, 0, 0) }));
    run(made.get(2), add("b"), give(2, { b: f32(0, 1, 0) }));
    made.heal();
    assertSame(made);
    assert.deepEqual(nearest(made.get(3), "b", f32(1, 1, 0)), [1, 2]);
  });

  it("are one of two where the parameters differ, the same everywhere, and the other never comes back", () => {
    const made = cluster();
    for (const other of [1, 3]) made.cut(other, 2);
    run(made.get(1), add("b", space(3)), give(1, { b: f32(1, 0, 0) }));
    run(made.get(2), add("b", space(5)), give(2, { b: f32(0, 1, 0, 0, 0) }));
    made.heal();
    assertSame(made);
    const size = made.get(3).shard("c").collection.vectors["b"]?.size;
    assert.deepEqual(
      [1, 2].map((id) => Object.keys(vectorsOf(made.get(3), "c", id))),
      size === 3 ? [["", "b"], [""]] : [[""], ["", "b"]],
    );
    run(made.get(3), drop("b"));
    assertSame(made);
    assert.deepEqual(names(made.get(1)), [""]);
    run(made.get(1), add("b", space(size === 3 ? 5 : 3)));
    assertSame(made);
    assert.deepEqual(
      [1, 2].map((id) => vectorsOf(made.get(2), "c", id)),
      [{ "": [1, 0] }, { "": [0, 1] }],
    );
  });

  it("are dropped where others write them meanwhile, and what these wrote is of nobody", () => {
    const made = cluster();
    run(made.get(1), add("b"), give(1, { b: f32(1, 0, 0) }));
    made.settle();
    for (const other of [1, 3]) made.cut(other, 2);
    run(made.get(2), give(2, { b: f32(0, 1, 0) }), upsert("c", [point(4, { b: f32(1, 1, 1) }, { n: 4 })]));
    run(made.get(1), drop("b"), upsert("c", [point(1, [3, 3])]));
    run(made.get(3), give(1, { b: f32(0, 0, 1) }));
    made.heal();
    assertSame(made);
    assert.deepEqual(vectorsOf(made.get(3), "c", 4), {});
    run(made.get(3), add("b"), give(4, { b: f32(2, 2, 2) }));
    assertSame(made);
    assert.deepEqual(nearest(made.get(1), "b", f32(1, 0, 0)), [4]);
  });

  it("leave no hashes behind by which replicas that compare points would differ for good", () => {
    const made = cluster();
    run(made.get(1), add("b"), give(1, { b: f32(1, 0, 0) }), give(2, { b: f32(0, 1, 0) }));
    made.settle();
    const counts = () => [...made.replicas.values()].map((replica) => replica.status().peering?.reconciliation);
    const compare = () => {
      const before = counts().map((one) => one?.equal ?? 0);
      for (let i = 0; i < 300 && counts().some((one, at) => (one?.equal ?? 0) === before[at]); i++) made.pass(1, 1_000);
      assert.ok(
        counts().every((one, at) => (one?.equal ?? 0) > (before[at] ?? 0)),
        JSON.stringify(counts()),
      );
    };
    compare();
    run(made.get(2), drop("b"));
    made.settle();
    compare();
    assert.deepEqual(
      counts().map((one) => one?.differing),
      [0, 0, 0],
    );
  });

  it("are waited for by operations that name them, and these by what follows them", () => {
    const made = cluster();
    // of the catalogue, nothing comes to replica 3
    let isHeld = true;
    made.passes = (_, to, bytes) => !isHeld || to !== 3 || !isOfCatalogue(bytes);
    run(made.get(1), add("b"));
    run(made.get(1), give(1, { b: f32(1, 0, 0) }));
    run(made.get(1), upsert("c", [point(5, [5, 5])]));
    made.pass(5);
    assert.deepEqual(names(made.get(3)), [""]);
    assert.deepEqual(vectorsOf(made.get(3), "c", 5), {});
    assert.deepEqual(made.get(3).status().peering?.setAside, []);
    isHeld = false;
    assertSame(made);
    assert.deepEqual(vectorsOf(made.get(3), "c", 1), { "": [1, 0], b: [1, 0, 0] });
  });
});
