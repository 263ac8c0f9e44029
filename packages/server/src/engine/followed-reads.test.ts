import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import {
  type Command,
  MemoryOpLog,
  Replica,
  SYSTEM_SHARD,
  type VectorSpace,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { ReadableCollection, ReaderAnswer, Readers } from "../read/readers.js";
import { Followed } from "./followed.js";
import { FollowedReads } from "./followed-reads.js";
import { FollowedTokens } from "./followed-tokens.js";
import { newTableSeed } from "./table-seed.js";

const space: VectorSpace = { size: 2, distance: "Dot", links: 8, efConstruction: 32, quantization: "int8" };
const limits = { deadlineMs: Number.POSITIVE_INFINITY, timeoutMs: 1_000, isAbandoned: () => false };
const count = { kind: "count" } as const;

function upsert(collection: string, id: number): Command {
  const points = [{ id, vectors: { "": Float32Array.of(id, 1) }, payload: {} }];
  return { kind: "upsert-points", collection, points, mode: "upsert" };
}

/** A replica with collections `a` and `b`, reads of it, and readers that answer when they are told to. */
function opened() {
  let nowMs = 1_000;
  const clock = { now: () => nowMs++ };
  const replica = Replica.open({ log: new MemoryOpLog(), clock, newReplicaId: () => 1, newTableSeed });
  const create = (name: string): Command => ({ kind: "create-collection", name, vectors: { "": space }, settings: {} });
  replica.execute([create("a"), create("b")]);
  const { catalogue } = replica;
  const frontier = replica.frontiers([]).get(SYSTEM_SHARD) as VersionVector;
  const followed = new Followed({ catalogue, frontier, shards: replica.readable() }, () => undefined);
  const tokens = new FollowedTokens(followed);
  const asked: {
    readonly collections: readonly ReadableCollection[];
    readonly resolve: (answer: ReaderAnswer) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  const readers: Readers = {
    read: (collections) => new Promise((resolve, reject) => asked.push({ collections, resolve, reject })),
    forget: () => undefined,
    counters: () => ({ readers: 1, places: 1, underWay: asked.length, lost: 0 }),
    close: async () => undefined,
  };
  const damaged: string[] = [];
  /** What is followed by the time that the engine has heard of a damage. */
  const meanwhile: Command[] = [];
  const idOf = (name: string) => replica.shard(name).id;
  const execute = (...commands: Command[]) => followed.follow(replica.execute(commands).changes);
  return {
    replica,
    followed,
    meanwhile,
    tokens,
    asked,
    idOf,
    reads: new FollowedReads(followed, tokens, readers, async (shard) => {
      damaged.push(shard);
      await Promise.resolve();
      execute(...meanwhile.splice(0));
    }),
    damaged,
    execute,
    epochOf: (name: string) => replica.readable().get(idOf(name))?.epoch as number,
    frontierOf: (name: string): VersionVector => new Map(replica.shard(name).frontier),
  };
}

describe("reads of what was followed", () => {
  it("have the token of exactly the epochs that were read, whatever was written meanwhile", async () => {
    const { reads, asked, execute, epochOf, frontierOf, idOf, tokens } = opened();
    execute(upsert("a", 1));
    const answers = [reads.read(["a"], count, limits), reads.read(["a", "b"], count, limits)];
    execute(upsert("a", 2));
    const [epoch, a, b] = [epochOf("a"), frontierOf("a"), frontierOf("b")];
    const epochOfB = epochOf("b");
    execute(upsert("a", 3), upsert("b", 4));
    const newest = reads.read(["a"], count, limits);
    asked[0]?.resolve({ pieces: ["1"], epochs: [epoch] });
    asked[1]?.resolve({ pieces: ["2"], epochs: [epoch, epochOfB], settled: true });
    asked[2]?.resolve({ pieces: ["3"], epochs: [epochOf("a")] });
    const [one, two] = await Promise.all(answers);
    assert.deepEqual(one?.frontiers.get(idOf("a")), a);
    assert.deepEqual([two?.frontiers.get(idOf("a")), two?.frontiers.get(idOf("b"))], [a, b]);
    assert.deepEqual([one?.settled, two?.settled], [undefined, true]);
    const { frontiers } = await newest;
    assert.equal(frontiers, tokens.frontiers(["a"]), "most answers of an epoch carry the same token");
    assert.deepEqual(frontiers.get(idOf("a")), frontierOf("a"));
  });

  it("wait for what the writer tells of an epoch, no longer than until nothing is told any more", async () => {
    const { replica, reads, asked, followed, epochOf, frontierOf, idOf } = opened();
    const answer = reads.read(["a"], count, limits);
    const { changes } = replica.execute([upsert("a", 1)]);
    asked[0]?.resolve({ pieces: ["1"], epochs: [epochOf("a")] });
    await Promise.resolve();
    followed.follow(changes);
    assert.deepEqual((await answer).frontiers.get(idOf("a")), frontierOf("a"));
    const last = reads.read(["a"], count, limits);
    asked[1]?.resolve({ pieces: ["1"], epochs: [epochOf("a") + 1] });
    await Promise.resolve();
    followed.end();
    assert.deepEqual((await last).frontiers.get(idOf("a")), frontierOf("a"));
  });

  it("are refused as the readers refuse them, and for collections that are not there", async () => {
    const { reads, asked, damaged, idOf } = opened();
    const refused = reads.read(["a"], count, limits);
    const error = new MurmurationError("timeout", "late", "timeout");
    asked[0]?.reject(error);
    await assert.rejects(refused, (found) => found === error);
    await assert.rejects(reads.read(["none"], count, limits), { code: "not-found" });
    assert.deepEqual(damaged, []);
    const corrupt = reads.read(["a", "b"], count, limits);
    asked[1]?.reject(new MurmurationError("corrupt", "damaged", "the payload of point 7"));
    await assert.rejects(corrupt, { code: "corrupt" });
    assert.deepEqual(damaged, [idOf("a"), idOf("b")], "the engine is to look");
  });

  it("are of what is there where a collection went from under them", async () => {
    const { reads, asked, meanwhile, epochOf, idOf } = opened();
    const lost = new MurmurationError("corrupt", "payload 1 is lost", "the payload of point 7");
    const gone = reads.read(["a"], count, limits);
    meanwhile.push({ kind: "delete-collection", name: "a" });
    asked[0]?.reject(lost);
    await assert.rejects(gone, { code: "not-found" });
    const before = idOf("b");
    const again = reads.read(["b"], count, limits);
    meanwhile.push({ kind: "delete-collection", name: "b" });
    meanwhile.push({ kind: "create-collection", name: "b", vectors: { "": space }, settings: {} });
    asked[1]?.reject(lost);
    await turn();
    assert.notEqual(asked[2]?.collections[0]?.shard, before);
    asked[2]?.resolve({ pieces: ["0"], epochs: [epochOf("b")] });
    assert.deepEqual((await again).pieces, ["0"]);
  });
});
