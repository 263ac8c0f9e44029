import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { buildingOf } from "../catalogue/vector-graphs.js";
import { graphKeysOf } from "../catalogue/vector-incarnation.js";
import type { Command } from "../command/command.js";
import { FailingOpLog } from "../log/failing-op-log.test-support.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { MemoryVectorFiles } from "../state/memory-vector-files.js";
import { Cluster } from "./cluster.test-support.js";
import { noteTouched } from "./commit/recover-table.js";
import { assertRestarts, MemoryImages } from "./memory-images.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import {
  createCollection,
  identity,
  openReplica,
  point,
  refusal,
  run,
  upsert,
  vectorsOf,
} from "./replica.test-support.js";

const begin = (links = 4, efConstruction = 32): Command => ({
  kind: "begin-graph",
  collection: "c",
  vector: "",
  links,
  efConstruction,
  by: 0,
});
const giveUp: Command = { kind: "give-up-graph", collection: "c", vector: "", by: 0 };
const remove = (...ids: number[]): Command => ({ kind: "delete-points", collection: "c", target: { ids } });

/** Points whose vectors follow from their ids. */
function points(from: number, count: number, shift = 0): Command {
  return upsert(
    "c",
    Array.from({ length: count }, (_, i) => {
      const id = from + i;
      return point(id, [((id * 37 + shift) % 101) / 101, ((id * 61 + shift) % 97) / 97]);
    }),
  );
}

const spaceOf = (replica: Replica) => replica.shard("c").collection.vectors[""] as { readonly links: number };
const building = (replica: Replica) => buildingOf(replica.shard("c").collection, "");

/** The rules of the graph, and that walks find what comparing with everything finds. */
function assertSound(replica: Replica): void {
  const { "": report } = replica.validate("c");
  assert.deepEqual(report?.violations, []);
  assert.equal(report?.unreachable, 0);
  assert.equal(replica.shard("c").purgedLiveLinks, 0);
  const reads = new ReadsHere(replica, "c");
  const selection = { payload: false, vectors: false } as const;
  for (const at of [0, 1, 2, 3, 4]) {
    const query = Float32Array.of(at / 5, 1 - at / 5);
    const ask = (exact: boolean) =>
      reads.nearest({
        query,
        using: "",
        limit: 5,
        offset: 0,
        parameters: exact ? { exact } : { efSearch: 64 },
        selection,
      });
    assert.deepEqual(
      ask(false).map(({ id }) => id),
      ask(true).map(({ id }) => id),
    );
  }
}

function settle(replica: Replica): void {
  for (let i = 0; i < 500 && !replica.isAtRest(); i++) replica.tick();
  assert.ok(replica.isAtRest());
}

describe("a graph that takes another's place", () => {
  it("is made of the vectors that there are and that come, and serves when it is whole", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("c"), points(1, 60), remove(5, 6), begin(6, 40));
    assert.equal(building(replica)?.space.links, 6);
    assertRestarts(log, replica);
    replica.tick({ links: 5 });
    run(replica, points(100, 20), points(10, 5, 3), remove(20));
    assertRestarts(log, replica);
    settle(replica);
    assert.equal(spaceOf(replica).links, 6);
    assert.equal(building(replica), undefined);
    assert.equal(graphKeysOf(replica.shard("c").collection).length, 1);
    assertSound(replica);
    assertRestarts(log, replica);
    run(replica, points(200, 10), remove(101, 102));
    settle(replica);
    assertSound(replica);
    assertRestarts(log, replica);
    const once = vectorsOf(replica, "c", 7);
    run(replica, begin(3, 16));
    settle(replica);
    assert.equal(spaceOf(replica).links, 3);
    assert.deepEqual(vectorsOf(replica, "c", 7), once);
    assertRestarts(log, replica);
  });

  it("is the same from images where the first node is dead", () => {
    const log = new MemoryOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("c"), points(1, 60), remove(1), begin(6));
    assertRestarts(log, replica);
    const images = new MemoryImages();
    images.save(replica);
    run(replica, points(100, 5), remove(2, 101));
    const again = openReplica({ log, images });
    assert.deepEqual(identity(again), identity(replica));
    settle(again);
    assertSound(again);
  });

  it("takes a vector from its point by whatever graph a purge names", () => {
    const replica = openReplica();
    run(replica, createCollection("c"), points(1, 20), begin(6));
    settle(replica);
    const [target] = replica.writableShards();
    assert.ok(target !== undefined);
    const dots = [target.shard.graph(target.shard.keyOf("")).reader.dotAt(3)];
    const next = { origin: 2, sequence: 1, shard: target.shard.id, time: { wallMs: 1, counter: 0 } };
    for (const vector of ["", target.shard.keyOf("")]) {
      target.rows.noteOnly([]);
      noteTouched(target, { ...next, dependencies: new Map(), kind: "purge", vector, dots });
      assert.deepEqual([...target.rows.noted], [4]);
    }
  });

  it("is gone on with where the replica was killed in between", () => {
    const log = new MemoryOpLog();
    let replica = openReplica({ log });
    run(replica, createCollection("c"), points(1, 50), begin(6));
    for (let i = 0; i < 4; i++) {
      replica.tick({ links: 4 });
      replica = openReplica({ log, ...(i % 2 === 0 ? {} : { recoverFrom: "log" as const }) });
    }
    assert.equal(building(replica)?.space.links, 6);
    settle(replica);
    assert.equal(spaceOf(replica).links, 6);
    assertSound(replica);
  });

  it("is as if it had never been begun where the log refuses that", () => {
    const log = new FailingOpLog();
    const replica = openReplica({ log });
    run(replica, createCollection("c"), points(1, 20));
    const before = identity(replica);
    log.failAfter(0);
    assert.ok(replica.execute([begin(6)]).outcomes[0] instanceof Error);
    log.failAfter(Number.POSITIVE_INFINITY);
    assert.deepEqual(identity(replica), before);
    run(replica, begin(6));
    settle(replica);
    assertSound(replica);
  });

  it("is switched to later where there is no room for its table, and not tried at every tick", () => {
    let nowMs = 1_000;
    let isFull = false;
    let tried = 0;
    const newTableSeed = () => {
      if (isFull) tried++;
      if (isFull) throw new MurmurationError("capacity", "no memory is left");
      return [5, 7] as const;
    };
    const replica = openReplica({ clock: { now: () => nowMs }, newTableSeed });
    run(replica, createCollection("c"), points(1, 40), begin(6));
    isFull = true;
    for (let i = 0; i < 60; i++, nowMs += 100) replica.tick();
    // of six seconds: at once, after one, after two more
    assert.ok(tried >= 2 && tried <= 3, `tried ${tried} times`);
    assert.equal(spaceOf(replica).links, 4);
    assert.equal(replica.status().upkeep.lacksRoom, 1);
    isFull = false;
    for (let i = 0; i < 60; i++, nowMs += 100) replica.tick();
    assert.equal(spaceOf(replica).links, 6);
    assert.equal(replica.status().upkeep.lacksRoom, 0);
    assertSound(replica);
  });

  it("is refused with what is wrong", () => {
    const replica = openReplica();
    run(replica, createCollection("c"));
    assert.equal(refusal(replica, begin(1)).field, "m");
    assert.equal(refusal(replica, begin(8, 5_000)).field, "ef_construct");
    assert.equal(refusal(replica, giveUp).code, "not-found");
    const elsewhere = { ...begin(), vector: "b" } as Command;
    assert.equal(refusal(replica, elsewhere).code, "wrong-input");
    run(replica, begin());
    assert.equal(refusal(replica, begin()).code, "conflict");
    run(replica, giveUp);
    assert.equal(building(replica), undefined);
    run(replica, begin(5));
    settle(replica);
    assert.equal(spaceOf(replica).links, 5);
  });
});

/** Has the graph that serves say that it has so many nodes, until the returned function is called. */
function pretendNodes(replica: Replica, count: number): () => void {
  const [target] = replica.writableShards();
  const reader = target?.indexes.get("")?.reader;
  assert.ok(reader !== undefined);
  Object.defineProperty(reader, "linkedCount", { get: () => count, configurable: true });
  return () => void Reflect.deleteProperty(reader, "linkedCount");
}

describe("a graph that has no room for the vectors that there are", () => {
  it("is not begun, nor where there is none for more", () => {
    const replica = openReplica();
    run(replica, createCollection("c"), points(1, 20));
    const [target] = replica.writableShards();
    const capacity = target?.indexes.get("")?.links?.capacityWith(64) as number;
    run(replica, begin(64));
    assert.equal(target?.indexes.get(building(replica)?.key as string)?.capacity, capacity);
    run(replica, giveUp);
    for (const count of [capacity + 1, Math.floor(capacity * 0.9)]) {
      const asItIs = pretendNodes(replica, count);
      const [outcome] = replica.execute([begin(64)]).outcomes;
      asItIs();
      assert.ok(outcome instanceof MurmurationError);
      assert.deepEqual([outcome.code, outcome.field], ["capacity", "m"]);
    }
    run(replica, begin(64));
    settle(replica);
    assert.equal(spaceOf(replica).links, 64);
  });

  it("is refused before memory or a file is made for it, where another replica began it", () => {
    const vectorFiles = new MemoryVectorFiles();
    const made = new Cluster([1, 2], { vectorFiles });
    made.settle();
    const space = { size: 2, distance: "Euclid", links: 4, efConstruction: 32, quantization: "int8" } as const;
    const settings = { vectors: { "": { on_disk: true } } };
    run(made.get(1), { kind: "create-collection", name: "c", vectors: { "": space }, settings }, points(1, 20));
    made.settle();
    const before = vectorFiles.names().length;
    const asItIs = pretendNodes(made.get(2), 1e9);
    run(made.get(1), begin(6));
    made.pass(20);
    assert.equal(vectorFiles.names().length, before + 1);
    assert.equal(building(made.get(2)), undefined);
    asItIs();
    made.settle();
    assert.equal(vectorFiles.names().length, before + 2);
    for (const replica of made.replicas.values()) assert.equal(spaceOf(replica).links, 6);
  });
});

describe("a graph that takes another's place everywhere", () => {
  function cluster(): Cluster {
    const made = new Cluster([1, 2, 3]);
    made.settle();
    run(made.get(1), createCollection("c"), points(1, 40));
    made.settle();
    return made;
  }

  function assertSame(made: Cluster, links: number): void {
    made.settle();
    const digests = [...made.replicas.values()].map((replica) => replica.digest("c"));
    for (const digest of digests) assert.deepEqual(digest, digests[0]);
    for (const [id, replica] of made.replicas) {
      assert.deepEqual(replica.status().peering?.setAside, [], `replica ${id}`);
      assert.equal(spaceOf(replica).links, links);
      assertSound(replica);
      const again = openReplica({ log: made.logs.get(id) as MemoryOpLog, recoverFrom: "log", newReplicaId: () => id });
      assert.deepEqual(identity(again), identity(replica));
    }
  }

  it("is the same on every replica, whoever writes meanwhile", () => {
    const made = cluster();
    made.budget = { links: 3 };
    run(made.get(2), begin(6));
    for (let i = 0; i < 20; i++) {
      made.pass(2);
      run(made.get(1 + (i % 3)), points(50 + 5 * i, 3), points(1 + i, 2, i), remove(30 + (i % 5)));
    }
    assertSame(made, 6);
  });

  it("has the vectors that were written for the graph before by who had not heard of it", () => {
    const made = cluster();
    run(made.get(1), begin(6));
    // all of them know of the graph, and it is not whole yet
    made.budget = { links: 1 };
    made.pass(8);
    made.budget = {};
    let isCut = false;
    made.passes = (from, to) => !isCut || (from !== 3 && to !== 3);
    for (let i = 0; i < 200 && building(made.get(1)) !== undefined; i++) made.pass(1);
    isCut = true;
    run(made.get(3), points(300, 4), points(2, 3, 7));
    run(made.get(1), points(400, 4), remove(9));
    made.pass(5);
    isCut = false;
    assertSame(made, 6);
    assert.equal(new ReadsHere(made.get(2), "c").count(), 47);
  });

  it("is one of two that were begun at once, the same everywhere", () => {
    const made = cluster();
    for (const other of [1, 3]) made.cut(other, 2);
    run(made.get(1), begin(5), points(60, 5));
    run(made.get(2), begin(7), points(70, 5));
    made.pass(3);
    made.heal();
    made.settle();
    assertSame(made, spaceOf(made.get(3)).links);
    assert.ok([5, 7].includes(spaceOf(made.get(3)).links));
  });

  it("waits for a member that is away, and is gone on with by another one when its own is evicted", () => {
    const made = cluster();
    for (const other of [1, 2]) made.cut(other, 3);
    run(made.get(1), begin(6));
    made.pass(40);
    assert.notEqual(building(made.get(1)), undefined);
    made.heal();
    made.pass(3);
    const wasMade = spaceOf(made.get(2)).links === 6;
    made.stop(1);
    run(made.get(2), { kind: "evict-member", id: 1 });
    assertSame(made, 6);
    assert.ok(!wasMade || building(made.get(2)) === undefined);
  });

  it("is given up by its own replica alone", () => {
    const made = cluster();
    made.cut(2, 3);
    run(made.get(2), begin(6));
    made.pass(10);
    assert.equal(refusal(made.get(1), giveUp).code, "conflict");
    run(made.get(2), giveUp);
    made.heal();
    assertSame(made, 4);
    assert.equal(building(made.get(3)), undefined);
  });

  it("goes with its vector", () => {
    const made = cluster();
    made.budget = { links: 1 };
    run(made.get(1), begin(6));
    made.pass(5);
    made.cut(1, 2);
    run(made.get(2), { kind: "drop-vector", collection: "c", name: "" });
    made.pass(5);
    made.heal();
    made.settle();
    for (const replica of made.replicas.values()) {
      assert.deepEqual(graphKeysOf(replica.shard("c").collection), []);
      assert.deepEqual(replica.status().peering?.setAside, []);
    }
  });
});
