import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { MurmurationError, multiVector, type Payload, type PointId, sparseVector } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { limits } from "../limits.js";
import { formats, operations } from "./arbitraries.test-support.js";
import { canonicalPayload } from "./canonical-payload.js";
import { decodeOperation, encodeOperation } from "./codec.js";
import type { Operation } from "./operation.js";
import { operationFormats } from "./operation-format.js";

const header = { shard: "s", origin: 1, sequence: 1, time: { wallMs: 1, counter: 0 }, dependencies: new Map() };
const upsert = (payload: Payload, id: PointId = 1): Operation => ({
  ...header,
  kind: "upsert",
  id,
  vectors: [],
  payload,
  kept: [],
});
const roundTrip = (operation: Operation) =>
  decodeOperation(operation.shard, operation.origin, operation.sequence, encodeOperation(operation));
const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
const payloadOf = (operation: Operation) => (operation.kind === "upsert" ? operation.payload : undefined);

test("every operation reads back equal in every format, and equal operations give equal bytes", () => {
  fc.assert(
    fc.property(operations, formats, (operation, format) => {
      const bytes = encodeOperation(operation, format);
      const decoded = decodeOperation(operation.shard, operation.origin, operation.sequence, bytes);
      assert.deepEqual(decoded, operation);
      assert.deepEqual(encodeOperation(decoded, format), bytes);
    }),
    { numRuns: 500 },
  );
});

test("an operation reads back the same from anywhere in a larger buffer", () => {
  fc.assert(
    fc.property(operations, fc.nat(9), (operation, offset) => {
      const bytes = encodeOperation(operation);
      const larger = Buffer.alloc(bytes.byteLength + offset + 5, 0xff);
      larger.set(bytes, offset);
      const view = larger.subarray(offset, offset + bytes.byteLength);
      assert.deepEqual(decodeOperation(operation.shard, operation.origin, operation.sequence, view), operation);
    }),
  );
});

test("damaged bytes are corrupt or another operation, and nothing else ever happens", () => {
  let refused = 0;
  assertUntil(
    () => ({ refused: [refused, 500] }),
    fc.property(
      operations,
      formats,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (operation, format, place, flip, cut) => {
        const bytes = encodeOperation(operation, format);
        const at = place % bytes.byteLength;
        const damaged = cut ? bytes.subarray(0, at) : bytes.slice();
        if (!cut) damaged[at] = (damaged[at] as number) ^ flip;
        try {
          decodeOperation("s", 1, 1, damaged);
          assert.ok(!cut);
        } catch (error) {
          assert.ok(isCorrupt(error), String(error));
          refused += 1;
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("garbage is corrupt", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
      assert.throws(() => decodeOperation("s", 1, 1, bytes), isCorrupt),
    ),
    { numRuns: 2000 },
  );
  // Lists inside each other that claim sixteen million items each: 128 MB, if one believed them.
  const claims = new Uint8Array(500).map((_, at) => (at % 5 === 0 ? 0xdd : at % 5 === 1 ? 1 : 0));
  assert.throws(() => decodeOperation("s", 1, 1, claims), isCorrupt);
});

test("unknown versions and kinds, missing and additional fields are refused by name", () => {
  const fields = decode(encodeOperation(upsert({}))) as unknown[];
  const refuses = (changed: unknown[], message: RegExp) =>
    assert.throws(
      () => decodeOperation("s", 1, 1, encode(changed)),
      (error) => isCorrupt(error) && message.test((error as Error).message),
    );
  refuses([5, ...fields.slice(1)], /operation 1:1 of shard s: format version 5 is not known/);
  refuses([0, ...fields.slice(1)], /operation 1:1 of shard s: format version 0 is not known/);
  refuses([1, 99, ...fields.slice(2)], /kind 99 is not known/);
  refuses([...fields, 1], /too many fields/);
  refuses(fields.slice(0, -1), /a field is missing/);
  refuses([1, 1, 2 ** 48, 0, ...fields.slice(4)], /not a time/);
  refuses([1, 1, 0, 0, [2, 1, 1, 1], ...fields.slice(5)], /not a version vector/);
  refuses([...fields.slice(0, 5), -1, ...fields.slice(6)], /not a point id/);
  refuses([...fields.slice(0, 7), [1]], /not a payload/);
  refuses([...fields.slice(0, 7), { a: new Date(0) }], /cannot be decoded/);
  refuses([...fields.slice(0, 7), { a: new Uint8Array(1) }], /not JSON/);
});

test("the bytes of an operation stay what they are", () => {
  const operation: Operation = {
    ...header,
    time: { wallMs: 2 ** 40, counter: 7 },
    dependencies: new Map([
      [300, 2],
      [2, 1],
    ]),
    kind: "upsert",
    id: "0189fc3a-97c4-7a0b-8d6e-f0123456789a",
    vectors: [{ name: "", values: Float32Array.of(1, -2.5), delta: Uint8Array.of(9) }],
    payload: { a: 1, b: [1.5, null, 2n ** 63n] },
    kept: [{ name: "b", dot: { origin: 5, sequence: 6 } }],
  };
  // [name, kind, values, delta] since format 2
  const expected =
    "990301cb427000000000000007940201cd012c02c4100189fc3a97c47a0b8d6ef0123456789a9194a000c4080000803f000020c0c40109" +
    "82a16101a16293cb3ff8000000000000c0cf80000000000000009193a1620506";
  assert.equal(Buffer.from(encodeOperation(operation)).toString("hex"), expected);
  const format1 =
    "990101cb427000000000000007940201cd012c02c4100189fc3a97c47a0b8d6ef0123456789a9193a0c4080000803f000020c0c40109" +
    "82a16101a16293cb3ff8000000000000c0cf80000000000000009193a1620506";
  assert.equal(Buffer.from(encodeOperation(operation, 1)).toString("hex"), format1);
});

test("since format 2 a vector says of what kind it is; kinds that no version writes yet are refused by name", () => {
  const delta = Uint8Array.of(9);
  const row = (format: number, vectors: unknown) => encode([format, 2, 1, 0, [], 7, vectors, []]);
  const readRow = (format: number, vectors: unknown) => {
    const operation = decodeOperation("s", 1, 1, row(format, vectors));
    assert.ok(operation.kind === "update-vectors");
    return operation.vectors;
  };
  const f32 = Uint8Array.of(0, 0, 0x80, 0x3f);
  const f16 = Uint8Array.of(0, 0x3c);
  const sq8 = Uint8Array.of(0, 0, 0x80, 0x3f, 127);
  const values = Float32Array.of(1);
  const expected = [
    { name: "a", values, delta },
    { name: "b", values, delta, encoding: "f16" as const },
    { name: "c", values: Float32Array.of(127), delta, encoding: "sq8" as const },
  ];
  const tagged = [
    ["a", 0, f32, delta],
    ["b", 1, f16, delta],
    ["c", 2, sq8, delta],
  ];
  const untagged = [
    ["a", f32, delta],
    ["b", f16, delta, 1],
    ["c", sq8, delta, 2],
  ];
  assert.deepEqual(readRow(2, tagged), expected);
  assert.deepEqual(readRow(1, untagged), expected);
  const refuses = (format: number, vector: unknown, message: RegExp) =>
    assert.throws(
      () => readRow(format, [vector]),
      (error) => isCorrupt(error) && message.test((error as Error).message),
    );
  refuses(2, ["a", 16, f32, f32], /vector encoding 16 is not known/);
  refuses(2, ["a", 17, 1, f32], /vector encoding 17 is not known/);
  refuses(2, ["a", 3, f32, delta], /vector encoding 3 is not known/);
  refuses(2, ["a", "0", f32, delta], /vector encoding 0 is not known/);
  refuses(2, ["a", 0, f32], /not a dense vector/);
  refuses(2, ["a", 0, f32, delta, 0], /not a dense vector/);
  refuses(2, ["a"], /not a vector/);
  // the spelling of the one is none of the other
  for (const vector of untagged) refuses(2, vector, /is not known/);
  for (const vector of tagged) refuses(1, vector, /not bytes|is not known/);
  refuses(1, ["a", f32, delta, 0], /f32 has no number/);
});

test("since format 3 there are sparse vectors, ascending by index, and multivectors", () => {
  const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
  const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const read = (vector: unknown, format = 3) =>
    decodeOperation("s", 1, 1, encode([format, 2, 1, 0, [], 7, [vector], []]));
  const written: Operation = {
    ...{ shard: "s", origin: 1, sequence: 1, time: { wallMs: 1, counter: 0 }, dependencies: new Map() },
    kind: "update-vectors",
    id: 7,
    vectors: [{ name: "a", values: sparseVector([9, 2 ** 32 - 1], [1, -2], "a"), delta: new Uint8Array(0) }],
    kept: [],
  };
  assert.deepEqual(read(["a", 16, words(9, 2 ** 32 - 1), floats(1, -2)]), written);
  // whatever is agreed: the space was made when all read it
  for (const format of operationFormats) assert.equal(encodeOperation(written, format)[1], 3);
  assert.deepEqual(roundTrip(written), written);
  const refuses = (vector: unknown, message: RegExp) =>
    assert.throws(
      () => read(vector),
      (error) => isCorrupt(error) && message.test((error as Error).message),
    );
  refuses(["a", 16, words(2, 1), floats(1, 2)], /do not ascend/);
  refuses(["a", 16, words(1, 1), floats(1, 2)], /do not ascend/);
  refuses(["a", 16, words(1), floats(1, 2)], /not one value for each index/);
  refuses(["a", 16, words(1).subarray(1), floats(1).subarray(1)], /not one value for each index/);
  refuses(["a", 16, words(1), floats(Number.NaN)], /not finite/);
  refuses(["a", 16, words(1), floats(1), new Uint8Array(0)], /not a sparse vector/);
  assert.ok(read(["a", 16, words(), floats()]));
  refuses(["a", 17, 2, floats(1)], /not the parts of a multivector/);
  refuses(["a", 17, 0, floats(1)], /not dimensions of a multivector/);
  refuses(["a", 17, 1, floats(Number.NaN)], /not finite/);
  const parts: Operation = {
    ...written,
    kind: "update-vectors",
    id: 7,
    kept: [],
    vectors: [
      { name: "a", values: multiVector([Float32Array.of(1, 2), Float32Array.of(3, 4)], "a"), delta: new Uint8Array(0) },
    ],
  };
  assert.deepEqual(read(["a", 17, 2, floats(1, 2, 3, 4)]), parts);
  assert.deepEqual(roundTrip(parts), parts);
});

test("payload values that JSON tells apart stay apart", () => {
  const payload: Payload = {
    a: 1,
    b: 1.5,
    c: 2 ** 53 - 1,
    d: 2n ** 53n,
    e: -(2n ** 63n),
    f: 1e300,
    g: 4294967296,
    h: {},
    i: [],
  };
  assert.deepEqual(payloadOf(roundTrip(upsert(payload))), payload);
  assert.deepEqual(Object.keys(payloadOf(roundTrip(upsert({ z: 1, a: 2 }))) ?? {}), ["z", "a"]);
});

test("a payload is written in its canonical form only: what is applied here is what others read", () => {
  const long = "x".repeat(300);
  const payload: Payload = { zero: -0, small: 5n, mark: `\ufeff${long}`, "\ufeffkey": { deep: [-0] } };
  const expected: Payload = { zero: 0, small: 5, mark: `\ufeff${long}`, "\ufeffkey": { deep: [0] } };
  assert.deepEqual(canonicalPayload(payload), expected);
  assert.deepEqual(payloadOf(roundTrip(upsert(canonicalPayload(payload)))), expected);
  assert.throws(() => encodeOperation(upsert(payload)), /canonical/);
  const canonical: Payload = { a: [1, { b: "text" }], c: 2n ** 60n };
  assert.equal(canonicalPayload(canonical), canonical);
});

test("a payload that cannot be kept is refused before it is logged", () => {
  let deep: Payload = {};
  for (let level = 0; level < limits.payloadDepthMax; level += 1) deep = { a: deep };
  const refused: [Payload, string][] = [
    [{ a: 2n ** 64n }, "payload.a"],
    [{ a: -(2n ** 63n) - 1n }, "payload.a"],
    [{ a: Number.NaN }, "payload.a"],
    [{ b: [1, Number.POSITIVE_INFINITY] }, "payload.b[1]"],
    [JSON.parse('{"__proto__": 1}'), "payload"],
    [JSON.parse('{"a": [{"__proto__": 1}]}'), "payload.a[0]"],
    [deep, `payload${".a".repeat(limits.payloadDepthMax)}`],
  ];
  for (const [payload, field] of refused) {
    assert.throws(
      () => encodeOperation(upsert(payload)),
      (error) => error instanceof MurmurationError && error.code === "wrong-input" && error.field === field,
    );
  }
  const deepest = deep["a"] as Payload;
  assert.deepEqual(payloadOf(roundTrip(upsert(deepest))), deepest);
});

test("an operation over the size bound is refused", () => {
  const change = new Uint8Array(limits.operationBytesMax);
  assert.throws(
    () => encodeOperation({ ...header, kind: "catalogue", change }),
    (error) =>
      error instanceof MurmurationError && error.code === "bad-request" && /at most 33554432/.test(error.message),
  );
});
