import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError, type PointId } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { formats, operations, payloads, pointIds } from "./arbitraries.test-support.js";
import { decodeAny, decodeOperation, encodeOperation } from "./codec.js";
import type { Operation } from "./operation.js";
import { readPlainUpsert } from "./plain-upsert.js";

const plainUpserts: fc.Arbitrary<Operation> = fc
  .record({
    id: pointIds.filter((id: PointId) => typeof id !== "bigint"),
    wallMs: fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1),
    counter: fc.constantFrom(0, 127, 128, 255, 256, 65_535),
    name: fc.constantFrom("", "text", "a name of thirty-one characters"),
    values: fc.float32Array({ minLength: 1, maxLength: 100, noNaN: true, noDefaultInfinity: true }),
    delta: fc.uint8Array({ maxLength: 300 }),
    known: fc.uniqueArray(fc.integer({ min: 2, max: 2 ** 24 - 1 }), { maxLength: 7 }),
    payload: fc.oneof(fc.constant({}), payloads),
  })
  .map(({ id, wallMs, counter, name, values, delta, known, payload }) => ({
    shard: "s",
    origin: 1,
    sequence: 7,
    time: { wallMs, counter },
    dependencies: new Map(known.sort((a, b) => a - b).map((origin) => [origin, origin * 3])),
    kind: "upsert",
    id,
    vectors: [{ name, values, delta }],
    payload,
    kept: [],
  }));

/** What it is read as, or why it is not. */
function outcomeOf(read: typeof decodeAny, bytes: Uint8Array): unknown {
  try {
    return read("s", 1, 7, bytes);
  } catch (error) {
    if (error instanceof MurmurationError) return error.message;
    throw error;
  }
}

test("upserts as most of them are read without the general way, and are what it makes of them", () => {
  fc.assert(
    fc.property(plainUpserts, formats, fc.nat(5), (operation, format, offset) => {
      const larger = Buffer.alloc(offset + 100_000);
      const encoded = encodeOperation(operation, format);
      larger.set(encoded, offset);
      for (const bytes of [encoded, larger.subarray(offset, offset + encoded.byteLength)]) {
        assert.notEqual(readPlainUpsert(bytes), undefined);
        const read = decodeOperation("s", 1, 7, bytes);
        assert.deepEqual(read, decodeAny("s", 1, 7, bytes));
        assert.deepEqual(encodeOperation(read, format), encoded);
      }
    }),
    { numRuns: 300 },
  );
});

test("whatever bytes come, they are read or refused as the general way does", () => {
  let plain = 0;
  let refused = 0;
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
  const cut = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -2, max: 9 }) },
  );
  assertUntil(
    () => ({ plain: [plain, 100], refused: [refused, 100] }),
    fc.property(fc.oneof(plainUpserts, operations), formats, changes, cut, (operation, format, changed, left) => {
      const whole = encodeOperation(operation, format);
      const bytes = new Uint8Array(Math.max(0, whole.byteLength - left));
      bytes.set(whole.subarray(0, bytes.byteLength));
      // most of what can be wrong stands in the first bytes, and in the last
      for (const [at, byte] of changed) if (bytes.byteLength > 0) bytes[at % bytes.byteLength] = byte;
      const [fast, general] = [outcomeOf(decodeOperation, bytes), outcomeOf(decodeAny, bytes)];
      assert.deepEqual(fast, general);
      if (typeof general === "string") refused++;
      else if (readPlainUpsert(bytes) !== undefined) plain++;
    }),
  );
});

test("a number that is spelled in more bytes than it needs is refused wherever it stands", () => {
  const operation: Operation = {
    shard: "s",
    origin: 1,
    sequence: 7,
    time: { wallMs: 5, counter: 0 },
    dependencies: new Map(),
    kind: "upsert",
    id: 9,
    vectors: [{ name: "", values: Float32Array.of(1), delta: Uint8Array.of(1) }],
    payload: {},
    kept: [],
  };
  const bytes = encodeOperation(operation);
  const at = bytes.indexOf(5);
  const longer = Uint8Array.of(...bytes.subarray(0, at), 0xcc, 5, ...bytes.subarray(at + 1));
  assert.equal(readPlainUpsert(longer), undefined);
  assert.throws(() => decodeOperation("s", 1, 7, longer), /spelled otherwise/);
});
