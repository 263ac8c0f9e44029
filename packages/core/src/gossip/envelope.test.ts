import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { limits } from "../limits.js";
import { decodeBatch, decodeBatchOperations, encodeBatchFromRows } from "../operation/batch.js";
import { decodeEnvelope, encodeEnvelope, envelopeVersion, type Message, sealedEnvelopeVersion } from "./envelope.js";
import { envelopes } from "./message-arbitraries.test-support.js";
import { messageFormats } from "./message-formats.js";

const refuses = (reason: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === "corrupt" && reason.test(error.message);
const anything = /./;

/** Any fields as a message with a right checksum. */
function sealed(fields: readonly unknown[]): Uint8Array {
  const body = encode(fields, { useBigInt64: true });
  const bytes = new Uint8Array(5 + body.byteLength);
  bytes[0] = envelopeVersion;
  bytes.set(body, 5);
  new DataView(bytes.buffer).setUint32(1, crc32(body), true);
  return bytes;
}

test("every message reads back equal, and equal messages give equal bytes", () => {
  const seen = new Set<string>();
  assertUntil(
    () => ({ "kinds of messages": [seen.size, Object.keys(messageFormats).length] }),
    fc.property(envelopes, (envelope) => {
      const bytes = encodeEnvelope(envelope);
      const decoded = decodeEnvelope(bytes);
      assert.deepEqual(decoded, envelope);
      assert.deepEqual(encodeEnvelope(decoded), bytes);
      seen.add(envelope.message.kind);
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual([...seen].sort(), Object.keys(messageFormats).sort());
});

test("a message reads back from anywhere in a larger buffer, and its binaries are views", () => {
  const envelope = {
    cluster: "c",
    from: 1,
    to: 0,
    message: { kind: "operations" as const, batch: Uint8Array.of(1, 2) },
  };
  const bytes = encodeEnvelope(envelope);
  const larger = Buffer.alloc(bytes.byteLength + 9, 0xff);
  larger.set(bytes, 4);
  const { message } = decodeEnvelope(larger.subarray(4, 4 + bytes.byteLength));
  assert.deepEqual(message, envelope.message);
  assert.equal((message as { batch: Uint8Array }).batch.buffer, larger.buffer);
});

const sealing = fc.record({
  session: fc.integer({ min: 1 }),
  count: fc.integer({ min: 1 }),
  signature: fc.uint8Array({ maxLength: limits.signatureBytesMax }),
});

test("every signed message reads back equal, with what was signed, and any damage is refused", () => {
  fc.assert(
    fc.property(envelopes, sealing, fc.nat(), fc.integer({ min: 1, max: 255 }), (envelope, sealed, place, flip) => {
      const { session, count, signature } = sealed;
      let signed: Uint8Array | undefined;
      const sign = (bytes: Uint8Array) => {
        signed = bytes.slice();
        return signature;
      };
      const bytes = encodeEnvelope(envelope, { session, count, sign });
      const { seal, ...read } = decodeEnvelope(bytes);
      assert.deepEqual(read, envelope);
      assert.deepEqual(
        { ...seal, signature: Uint8Array.from(seal?.signature ?? []), signed: Uint8Array.from(seal?.signed ?? []) },
        { session, count, signature, signed },
      );
      const at = place % bytes.byteLength;
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ flip;
      assert.throws(() => decodeEnvelope(damaged), refuses(anything));
      assert.throws(() => decodeEnvelope(bytes.subarray(0, at)), refuses(anything));
      assert.throws(() => decodeEnvelope(Uint8Array.of(...bytes, flip)), refuses(anything));
    }),
    { numRuns: 200 },
  );
});

test("what is signed for something else is no message, nor is one of no session", () => {
  const of = (fields: readonly unknown[]) => {
    const body = encode(fields, { useBigInt64: true });
    const bytes = new Uint8Array(6 + body.byteLength);
    bytes[0] = sealedEnvelopeVersion;
    bytes.set(body, 6);
    new DataView(bytes.buffer).setUint32(1, crc32(bytes.subarray(5)), true);
    return bytes;
  };
  const rest = ["c", 1, 0, 20, 7];
  assert.deepEqual(decodeEnvelope(of(["murmuration message", 1, 1, ...rest])).message, { kind: "session", known: 7 });
  const cases: [Uint8Array, RegExp][] = [
    [of(["another message", 1, 1, ...rest]), /something else/],
    [of(["murmuration message", 0, 1, ...rest]), /none of its sender/],
    [of(["murmuration message", 1, 0, ...rest]), /none of its sender/],
    [of(["murmuration message", 1, 1, "c", 1, 0, 18, [], "r", [], "", 0, new Uint8Array(0)]), /no public keys/],
    [of(["murmuration message", 1, 1, "c", 1, 0, 18, ["a", "a"], "r", [], "", 0, new Uint8Array(0)]), /no public keys/],
    [
      of(["murmuration message", 1, 1, "c", 1, 0, 18, ["x".repeat(200)], "r", [], "", 0, new Uint8Array(0)]),
      /no public keys/,
    ],
    [of(["murmuration message", 1, 1, "c", 1, 0, 19, "", [1, 1], [["a"], ["a"]], new Uint8Array(0)]), /other members/],
  ];
  for (const [bytes, reason] of cases) assert.throws(() => decodeEnvelope(bytes), refuses(reason));
});

test("a message with any byte changed, cut off or added is refused", () => {
  fc.assert(
    fc.property(envelopes, fc.nat(), fc.integer({ min: 1, max: 255 }), (envelope, place, flip) => {
      const bytes = encodeEnvelope(envelope);
      const at = place % bytes.byteLength;
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ flip;
      assert.throws(() => decodeEnvelope(damaged), refuses(anything));
      assert.throws(() => decodeEnvelope(bytes.subarray(0, at)), refuses(anything));
      assert.throws(() => decodeEnvelope(Uint8Array.of(...bytes, flip)), refuses(anything));
    }),
  );
});

test("what is refused says why", () => {
  const good = sealed(["c", 1, 0, 5, "s", 7, 0, 1]);
  const request = { kind: "snapshot-request", shard: "s", transfer: 7, first: 0, count: 1 };
  assert.deepEqual(decodeEnvelope(good).message, request);
  const newer = good.slice();
  newer[0] = 3;
  const changed = good.slice();
  changed[2] = (changed[2] as number) ^ 1;
  const cases: [Uint8Array, RegExp][] = [
    [newer, /version 3 is not known/],
    [changed, /checksum/],
    [new Uint8Array(0), /cut short/],
    [new Uint8Array(limits.messageBytesMax + 1), /over/],
    [sealed(["c", 1, 0, 99, "s"]), /kind 99 is not known/],
    [sealed(["c", 0, 0, 5, "s"]), /replica id/],
    [sealed(["c", 1, -1, 5, "s"]), /receiver/],
    [sealed(["c".repeat(256), 1, 0, 5, "s"]), /too long/],
    [sealed(["c", 1, 0, 5, "s", 7, 0, 1, 1]), /too many/],
    [sealed(["c", 1, 0, 5]), /missing/],
    [sealed(["c", 1, 0, 3, "s", 1, -1, 5]), /negative/],
    [sealed(["c", 1, 0, 6, "s", 1, 2, 2, new Uint8Array(1)]), /part 2 of 2/],
    [sealed(["c", 1, 0, 2, 1, 1, ["a", "a"], [[], []]]), /twice/],
    [sealed(["c", 1, 0, 2, 1, 1, ["a", "b"], [[]]]), /missing/],
    [sealed(["c", 1, 0, 2, 1, 1, ["a"], [[], []]]), /too many/],
    [sealed(["c", 1, 0, 9, "s", [], [], [], 0]), /missing/],
    [sealed(["c", 1, 0, 9, "s", [], ["a", "b"], [], 0, []]), /more than one/],
    [sealed(["c", 1, 0, 7, "s", [], 2, "", ""]), /flag/],
    [sealed(["c", 1, 0, 1, [new Uint8Array(1)]]), /not bytes/],
  ];
  for (const [bytes, reason] of cases) assert.throws(() => decodeEnvelope(bytes), refuses(reason));
});

test("lists that claim more than the message holds are refused before anything is built, in messages and in operations", () => {
  // lists in each other, each claiming as many items as the decoder would believe
  const claiming = new Uint8Array(1000);
  for (let at = 0; at < 250; at += 5) claiming.set([0xdd, 0, 0, 3, 0xe8], at);
  const bytes = new Uint8Array(1005);
  bytes[0] = envelopeVersion;
  bytes.set(claiming, 5);
  new DataView(bytes.buffer).setUint32(1, crc32(claiming), true);
  assert.throws(() => decodeEnvelope(bytes), refuses(/^message: cut short$/));
  const batch = encodeBatchFromRows({ shard: "s", origin: 1, firstSequence: 1, rows: [claiming] });
  assert.throws(() => decodeBatchOperations(decodeBatch(batch)), refuses(/^operation 1:1 of shard s: cut short$/));
});

test("kinds have numbers of their own, and they stay", () => {
  const numbers = Object.fromEntries(Object.entries(messageFormats).map(([kind, { number }]) => [kind, number]));
  assert.deepEqual(
    numbers satisfies Record<string, number>,
    {
      operations: 1,
      heartbeat: 2,
      request: 3,
      compacted: 4,
      "snapshot-request": 5,
      snapshot: 6,
      digest: 7,
      summary: 8,
      states: 9,
      ask: 10,
      durable: 12,
      start: 13,
      welcome: 14,
      "snapshot-question": 15,
      "snapshot-word": 16,
      formats: 17,
      introduce: 18,
      admitted: 19,
      session: 20,
    } satisfies Record<Message["kind"], number>,
  );
});
