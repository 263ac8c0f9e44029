import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { runs } from "../operation/arbitraries.test-support.js";
import { decodeBatch, decodeBatchOperations, encodeBatch } from "../operation/batch.js";
import { decodeEnvelope, encodeEnvelope } from "./envelope.js";
import type { Message } from "./message.js";

const ids = fc.integer({ min: 1, max: 2 ** 24 - 1 });
const counts = fc.nat(2 ** 31);
const shards = fc.string({ minLength: 1, maxLength: 8 });
const vectors = fc
  .dictionary(ids.map(String), fc.integer({ min: 1, max: 2 ** 40 - 1 }), { maxKeys: 4 })
  .map((entries) => new Map(Object.entries(entries).map(([origin, sequence]) => [Number(origin), sequence] as const)));
const messages: fc.Arbitrary<Message> = fc.oneof(
  runs.map((operations): Message => ({ kind: "operations", batch: encodeBatch(operations) })),
  fc.record({
    kind: fc.constant("heartbeat" as const),
    incarnation: counts,
    nowMs: counts,
    frontiers: fc.array(fc.tuple(shards, vectors), { maxLength: 3 }).map((entries) => new Map(entries)),
  }),
  fc.record({ kind: fc.constant("request" as const), shard: shards, origin: ids, after: counts, limit: counts }),
  fc.record({ kind: fc.constant("compacted" as const), shard: shards, origin: ids, upTo: counts }),
);
const envelopes = fc.record({
  cluster: fc.string({ maxLength: 8 }),
  from: ids,
  to: fc.oneof(fc.constant(0), ids),
  message: messages,
});

test("a message reads back equal", () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      // records of the generator have no prototype
      const expected = { ...envelope, message: { ...envelope.message } };
      assert.deepEqual(decodeEnvelope(encodeEnvelope(envelope)), expected);
    }),
  );
});

/** Everything that a receiver decodes of a message. */
function decodeAll(bytes: Uint8Array): void {
  const { message } = decodeEnvelope(bytes);
  if (message.kind === "operations") decodeBatchOperations(decodeBatch(message.batch));
}

/** The decoders must be met, not only the checksums before them. */
function reseal(bytes: Uint8Array, from: number): void {
  if (bytes.length < from + 5) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(from + 1, crc32(bytes.subarray(from + 5)), true);
}

test("damaged messages are refused as corrupt, whatever is damaged, also behind a checksum that fits", () => {
  // `MURMURATION_FUZZ=1000000` runs more of them
  const rounds = Number(process.env.MURMURATION_FUZZ ?? 30_000);
  const samples = fc.sample(envelopes, { numRuns: 200, seed: 1 }).map(encodeEnvelope);
  let state = 1;
  const below = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    let bytes = (samples[below(samples.length)] as Uint8Array).slice();
    for (let change = below(3); change >= 0; change--) {
      const at = below(bytes.length);
      const how = below(4);
      if (how === 0) bytes[at] = below(256);
      else if (how === 1) bytes = bytes.slice(0, at + 1);
      else if (how === 2) bytes = Uint8Array.of(...bytes.subarray(0, at), below(256), ...bytes.subarray(at));
      else bytes.copyWithin(at, below(bytes.length));
    }
    // of an operations message, the batch within has a checksum too
    const inner = bytes.indexOf(1, 12);
    if (below(2) === 0 && inner > 0) reseal(bytes, inner);
    reseal(bytes, 0);
    try {
      decodeAll(bytes);
    } catch (error) {
      assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
      refused++;
    }
  }
  assert.ok(refused > rounds / 2);
});
