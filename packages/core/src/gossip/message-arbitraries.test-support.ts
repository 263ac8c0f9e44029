import fc from "fast-check";
import { limits } from "../limits.js";
import { runs, versionVectors } from "../operation/arbitraries.test-support.js";
import { encodeBatch } from "../operation/batch.js";
import type { Envelope, Message } from "./message.js";

/** Generators of messages for property tests. */
const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { noNullPrototype: true });
const kind = <Kind extends Message["kind"]>(name: Kind) => fc.constant(name);

const shards = fc.oneof(fc.constant("system"), fc.string({ unit: "grapheme", maxLength: 40 }));
const origins = fc.integer({ min: 1, max: limits.originMax });
const counts = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 300 });
const keys = fc.uint8Array({ maxLength: 16 });
const ranges = fc.array(record({ from: keys, to: keys, count: counts, digest: shards }), { maxLength: 8 });
const keyRanges = fc.array(record({ from: keys, to: keys }), { maxLength: 8 });
const keyedStates = fc.array(record({ key: keys, hash: shards, bytes }), { maxLength: 8 });
const vectors = fc.option(shards, { nil: undefined });
const frontiers = fc.array(fc.tuple(shards, versionVectors), { maxLength: 5 }).map((entries) => new Map(entries));

const memberKeys = fc.uniqueArray(
  fc.uint8Array({ minLength: 1, maxLength: 32 }).map((key) => Buffer.from(key).toString("base64url")),
  { minLength: 1, maxLength: limits.memberKeysMax },
);

export const messages: fc.Arbitrary<Message> = fc.oneof(
  record({ kind: kind("operations"), batch: runs.map(encodeBatch) }),
  record({
    kind: kind("heartbeat"),
    incarnation: counts,
    nowMs: counts,
    frontiers,
  }),
  record({ kind: kind("request"), shard: shards, origin: origins, after: counts, limit: counts }),
  record({
    kind: kind("compacted"),
    shard: shards,
    origin: origins,
    upTo: fc.integer({ min: 1, max: limits.sequenceMax }),
  }),
  record({ kind: kind("snapshot-request"), shard: shards, transfer: counts, first: counts, count: counts }),
  fc
    .tuple(shards, counts, fc.nat(9), fc.integer({ min: 1, max: 99 }), bytes)
    .map(([shard, transfer, part, more, bytes]) => {
      return { kind: "snapshot" as const, shard, transfer, part, parts: part + more, bytes };
    }),
  record({
    kind: kind("digest"),
    shard: shards,
    frontier: versionVectors,
    asks: fc.boolean(),
    points: shards,
    graph: shards,
  }),
  record({ kind: kind("summary"), shard: shards, frontier: versionVectors, vector: vectors, ranges }),
  record({
    kind: kind("states"),
    shard: shards,
    frontier: versionVectors,
    vector: vectors,
    ranges: keyRanges,
    asks: fc.boolean(),
    states: keyedStates,
  }),
  record({
    kind: kind("snapshot-question"),
    shard: shards,
    frontier: versionVectors,
    points: shards,
    graph: shards,
  }),
  record({
    kind: kind("snapshot-word"),
    shard: shards,
    points: shards,
    graph: shards,
    word: fc.constantFrom("same", "different", "unknown"),
  }),
  record({ kind: kind("start"), incarnation: counts }),
  record({ kind: kind("welcome"), incarnation: counts, nowMs: counts, frontiers }),
  record({ kind: kind("formats"), incarnation: counts, reads: counts, asks: fc.boolean() }),
  record({
    kind: kind("introduce"),
    keys: memberKeys,
    region: shards,
    url: vectors,
    invitation: shards,
    endsMs: counts,
    proof: bytes,
  }),
  record({
    kind: kind("admitted"),
    invitation: shards,
    keys: fc.array(fc.tuple(origins, memberKeys), { maxLength: 4 }).map((entries) => new Map(entries)),
    proof: bytes,
  }),
  record({ kind: kind("session"), known: counts }),
  record({ kind: kind("ask"), incarnation: counts, round: counts, wanted: frontiers }),
  record({
    kind: kind("durable"),
    incarnation: counts,
    round: counts,
    members: fc.array(origins, { maxLength: 5 }),
    frontiers,
  }),
);

export const envelopes: fc.Arbitrary<Envelope> = record({
  cluster: fc.string({ unit: "grapheme", maxLength: 20 }),
  from: origins,
  to: fc.oneof(fc.constant(0), origins),
  message: messages,
});
