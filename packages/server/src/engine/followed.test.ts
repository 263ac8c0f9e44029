import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Change,
  type Command,
  MemoryOpLog,
  Replica,
  SYSTEM_SHARD,
  type VectorSpace,
  type VersionVector,
} from "@murmuration/core";
import { FailingOpLog } from "@murmuration/core/conformance";
import { type CollectionHandle, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { Followed } from "./followed.js";
import { newTableSeed } from "./table-seed.js";

const space: VectorSpace = { size: 2, distance: "Dot", links: 8, efConstruction: 32, quantization: "int8" };
const create = (name: string): Command => ({ kind: "create-collection", name, vectors: { "": space }, settings: {} });

function upsert(collection: string, ...ids: number[]): Command {
  const points = ids.map((id) => ({ id, vectors: { "": Float32Array.of(id, 1) }, payload: { n: id } }));
  return { kind: "upsert-points", collection, points, mode: "upsert" };
}

function openReplica(log: MemoryOpLog | FailingOpLog): Replica {
  let nowMs = 1_000;
  return Replica.open({ log, clock: { now: () => nowMs++ }, newReplicaId: () => 1, newTableSeed });
}

/** What a replica shows when it has started, followed. */
function follow(replica: Replica, gone: CollectionHandle[] = []): Followed {
  const frontier = replica.frontiers([]).get(SYSTEM_SHARD) as VersionVector;
  const { catalogue } = replica;
  return new Followed({ catalogue, frontier, shards: replica.readable() }, (handle) => gone.push(handle));
}

/** A replica, and what follows it. */
function followed(log: MemoryOpLog | FailingOpLog = new MemoryOpLog()) {
  const replica = openReplica(log);
  const gone: CollectionHandle[] = [];
  const follower = follow(replica, gone);
  return {
    replica,
    gone,
    follower,
    execute(...commands: Command[]): readonly Change[] {
      const { changes } = replica.execute(commands);
      follower.follow(changes);
      return changes;
    },
    /** The shard's epoch as readers find it. */
    epochOf: (name: string) => (replica.readable().get(replica.shard(name).id) as { readonly epoch: number }).epoch,
  };
}

describe("what was followed of a replica", () => {
  it("has its catalogue, and the frontiers of its shards, also after a start", () => {
    const log = new MemoryOpLog();
    const { replica, follower, execute } = followed(log);
    execute(create("a"), upsert("a", 1, 2));
    execute(upsert("a", 3), create("b"), { kind: "delete-points", collection: "a", target: { ids: [1] } });
    execute({ kind: "create-payload-index", collection: "a", path: "n", schema: { kind: "integer" } });
    for (const one of [follower, follow(replica), follow(openReplica(log))]) {
      assert.deepEqual(one.catalogue, replica.catalogue);
      assert.deepEqual(one.frontier, replica.frontiers([]).get(SYSTEM_SHARD));
      assert.deepEqual(one.shard("a").frontier, replica.shard("a").frontier);
      assert.equal(one.shard("b").frontier.size, 0);
      const { counts } = one.shard("a");
      assert.deepEqual([counts.points(), counts.vectors(), counts.valued(["n", "m"])], [2, 2, { n: 2 }]);
    }
  });

  it("has the frontier of every epoch that a read under way may be of, whatever follows", () => {
    const commands = fc.array(fc.oneof(fc.constant("hold"), fc.constant("release"), fc.integer({ min: 1, max: 5 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(commands, (steps) => {
        const { replica, follower, execute, epochOf } = followed();
        execute(create("a"));
        const shard = follower.shard("a");
        const known: { epoch: number; frontier: VersionVector }[] = [];
        const note = () => known.push({ epoch: epochOf("a"), frontier: new Map(replica.shard("a").frontier) });
        note();
        const holds: { from: number; release: () => void }[] = [];
        for (const step of steps) {
          if (step === "hold") holds.push({ from: known.length - 1, release: shard.hold() });
          else if (step === "release") holds.splice(holds.length >> 1, 1)[0]?.release();
          else {
            execute(upsert("a", step as number));
            note();
          }
          const from = Math.min(known.length - 1, ...holds.map((hold) => hold.from));
          for (const { epoch, frontier } of known.slice(from)) assert.deepEqual(shard.frontierAt(epoch), frontier);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("waits for the frontier of an epoch that it was not told of, and not for that of a shard that is gone", async () => {
    const { replica, follower, execute, epochOf } = followed();
    execute(create("a"));
    const shard = follower.shard("a");
    const { changes } = replica.execute([upsert("a", 1)]);
    const asked = shard.frontierAt(epochOf("a"));
    assert.ok(asked instanceof Promise);
    follower.follow(changes);
    assert.deepEqual(await asked, replica.shard("a").frontier);
    const before = shard.frontier;
    const later = shard.frontierAt(epochOf("a") + 1);
    execute({ kind: "delete-collection", name: "a" });
    assert.deepEqual(await later, before);
    assert.deepEqual(await shard.frontierAt(2 ** 20), before);
  });

  it("is told of epochs that passed without a change, where the log failed", () => {
    const log = new FailingOpLog();
    const { replica, follower, execute, epochOf } = followed(log);
    execute(create("a"), upsert("a", 1));
    const epochs = new Set<number>();
    for (let steps = 0; steps < 10; steps++) {
      log.failAfter(steps);
      execute(upsert("a", 2));
      follower.follow(replica.passedEpochs());
      epochs.add(epochOf("a"));
      assert.deepEqual(follower.shard("a").frontierAt(epochOf("a")), replica.shard("a").frontier);
    }
    assert.ok(epochs.size > 1, "some failed when rows were prepared");
  });

  it("gives handles back of what is dropped, replaced or not served, and says what is not", () => {
    const { follower, gone, execute } = followed();
    execute(create("a"), create("b"), create("c"));
    const [a, b, c] = ["a", "b", "c"].map((name) => follower.shard(name));
    execute({ kind: "delete-collection", name: "a" });
    const { id } = follower.catalogue.collections[idOf(follower, "b")] as { id: string };
    follower.follow([{ kind: "quarantined", shard: id, refusal: "collection b is damaged" }]);
    assert.deepEqual(gone, [a?.readable.handle, b?.readable.handle]);
    assert.throws(() => follower.shard("b"), isRefused("unavailable", /collection b is damaged/));
    assert.throws(() => follower.shard("a"), isRefused("not-found", /./));
    assert.deepEqual(follower.refusals(), ["collection b is damaged"]);
    execute({ kind: "delete-collection", name: "b" });
    assert.deepEqual(follower.refusals(), []);
    assert.equal(follower.shard("c").readable, c?.readable);
  });
});

const idOf = (follower: Followed, name: string) =>
  Object.values(follower.catalogue.collections).find((one) => one.name === name)?.id as string;

const isRefused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && message.test(error.message);
