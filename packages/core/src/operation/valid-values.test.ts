import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { isDense, isSparse, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { formats, operations } from "./arbitraries.test-support.js";
import { canonicalPayload } from "./canonical-payload.js";
import { decodeOperation, encodeOperation } from "./codec.js";
import { mutationsOf } from "./mutations.test-support.js";
import type { Operation, OperationBody, OperationKind } from "./operation.js";
import { type OperationFormat, operationFormats } from "./operation-format.js";
import { numberOfEncoding } from "./vector-encoding.js";

const header = {
  shard: "1-1",
  origin: 3,
  sequence: 9,
  time: { wallMs: 5, counter: 1 },
  dependencies: new Map([
    [1, 4],
    [2, 8],
  ]),
};
const delta = Uint8Array.of(1, 2);
const dot = { origin: 1, sequence: 2 };
const stamp = { time: { wallMs: 4, counter: 0 }, origin: 1 };
const uuid = "0189fc3a-97c4-7a0b-8d6e-f0123456789a";
const vectors = [
  { name: "", values: Float32Array.of(1, -2), delta },
  { name: "half", values: Float32Array.of(0.5, 2), delta, encoding: "f16" as const },
  { name: "code", values: Float32Array.of(127, -1), delta, encoding: "sq8" as const },
];
const payload = { text: "a", list: [1.5, { deep: 2n ** 60n }] };
const kept = [{ name: "kept", dot }];
const foreign = new Map([[2, 3]]);

/** One of each kind, with something in every field. */
const examples: { readonly [Kind in OperationKind]: Extract<OperationBody, { kind: Kind }> } = {
  upsert: { kind: "upsert", id: uuid, vectors, payload, kept },
  "update-vectors": { kind: "update-vectors", id: 7, vectors, kept },
  "delete-vectors": { kind: "delete-vectors", ids: [1, 2n ** 63n], names: ["a", "b"] },
  delete: { kind: "delete", ids: [1, uuid] },
  "set-payload": { kind: "set-payload", ids: [1], fields: payload },
  "overwrite-payload": { kind: "overwrite-payload", ids: [1], payload },
  "delete-payload": { kind: "delete-payload", ids: [1], fields: ["a"] },
  "clear-payload": { kind: "clear-payload", ids: [1] },
  catalogue: { kind: "catalogue", change: delta },
  edges: { kind: "edges", reason: "stitch", vector: "a", deltas: [delta], closes: { owner: 1, through: 3, foreign } },
  purge: { kind: "purge", vector: "a", dots: [dot, { origin: 2, sequence: 2 }] },
  forget: { kind: "forget", tombstones: [{ id: 4, stamp }] },
};

const read = (bytes: Uint8Array) => decodeOperation(header.shard, header.origin, header.sequence, bytes);
const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

/** The format of a row that is read: its first field. */
const formatOf = (bytes: Uint8Array) => bytes[1] as OperationFormat;

function requireValid(operation: Operation): void {
  assert.ok(!operation.dependencies.has(operation.origin));
  if ("ids" in operation) assert.ok(operation.ids.length > 0 && new Set(operation.ids).size === operation.ids.length);
  if ("vectors" in operation) {
    for (const { values } of operation.vectors) {
      const numbers = isDense(values) ? values : values.values;
      assert.ok((numbers.length > 0 || isSparse(values)) && numbers.every(Number.isFinite));
      if (isSparse(values))
        assert.ok(values.indices.every((index, i) => i === 0 || index > (values.indices[i - 1] as number)));
    }
    const names = [...operation.vectors, ...operation.kept].map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  }
  for (const fields of [
    "payload" in operation ? operation.payload : {},
    operation.kind === "set-payload" ? operation.fields : {},
  ])
    assert.equal(canonicalPayload(fields), fields);
}

for (const [kind, body] of Object.entries(examples)) {
  test(`${kind}: whatever field is changed, what is decoded is valid and spelled in one way, or it is corrupt`, () => {
    const operation = { ...header, ...body } as Operation;
    let [refused, accepted] = [0, 0];
    for (const format of operationFormats) assert.deepEqual(read(encodeOperation(operation, format)), operation);
    const mutations = operationFormats.flatMap((format) => [...mutationsOf(encodeOperation(operation, format))]);
    for (const { what, bytes } of mutations) {
      let decoded: Operation;
      try {
        decoded = read(bytes);
      } catch (error) {
        assert.ok(isCorrupt(error), `${what}: ${String(error)}`);
        refused += 1;
        continue;
      }
      accepted += 1;
      assert.deepEqual(Buffer.from(encodeOperation(decoded, formatOf(bytes))), Buffer.from(bytes), what);
      requireValid(decoded);
    }
    assert.ok(refused > 100 && accepted > 10, `${refused} refused, ${accepted} accepted`);
  });
}

test("any operation reads back as it was written, and any bytes that are read are written back", () => {
  let accepted = 0;
  fc.assert(
    fc.property(operations, formats, fc.nat(), fc.integer({ min: 1, max: 255 }), (operation, format, place, flip) => {
      const bytes = encodeOperation(operation, format);
      const again = decodeOperation(operation.shard, operation.origin, operation.sequence, bytes);
      assert.deepEqual(again, operation);
      const damaged = bytes.slice();
      const at = place % damaged.byteLength;
      damaged[at] = (damaged[at] as number) ^ flip;
      let other: Operation;
      try {
        other = decodeOperation(operation.shard, operation.origin, operation.sequence, damaged);
      } catch (error) {
        assert.ok(isCorrupt(error), String(error));
        return;
      }
      accepted += 1;
      assert.deepEqual(encodeOperation(other, formatOf(damaged)), damaged);
    }),
    { numRuns: 1000, seed: 11 },
  );
  assert.ok(accepted > 50, `${accepted} accepted`);
});

test("text is kept to the byte at every length, byte order marks at the beginning too", () => {
  const marks = ["\ufeff", "\ufeff\ufeff", "\ufeff\ufffd", "a\ufeff", "\ufffe", "😀"];
  for (const mark of marks) {
    for (const length of [
      0, 1, 10, 28, 29, 31, 180, 196, 197, 198, 199, 200, 201, 205, 252, 253, 256, 65_533, 65_536,
    ]) {
      const text = mark + "x".repeat(length);
      const some = { [text]: text, list: [text, { [text]: [text] }] };
      const all: OperationBody[] = [
        {
          kind: "upsert",
          id: 1,
          vectors: [{ name: text, values: Float32Array.of(1), delta }],
          payload: some,
          kept: [],
        },
        { kind: "delete-payload", ids: [1], fields: [text] },
        { kind: "delete-vectors", ids: [1], names: [text, "after"] },
        { kind: "purge", vector: text, dots: [dot] },
        { kind: "set-payload", ids: [1], fields: some },
      ];
      for (const body of all) {
        const operation = { ...header, ...body };
        assert.deepEqual(read(encodeOperation(operation)), operation);
      }
    }
  }
});

test("text that is no UTF-8 is corrupt and becomes no other text", () => {
  const bytes = encodeOperation({ ...header, kind: "delete-payload", ids: [1], fields: ["abcde"] });
  const at = Buffer.from(bytes).indexOf("abcde");
  for (const wrong of [
    [0xff],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0xc0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0x61, 0x62, 0x63, 0x64, 0xc3],
  ]) {
    const damaged = bytes.slice();
    damaged.set(wrong, at);
    assert.throws(() => read(damaged), isCorrupt);
  }
});

test("an encoder refuses text that is not well-formed, by its field and place", () => {
  const bad = "x\ud83c";
  const version = { name: bad, values: Float32Array.of(1), delta };
  const cases: [OperationBody, string][] = [
    [{ ...examples.upsert, payload: { a: { b: ["c", bad] } } }, "payload.a.b[1]"],
    [{ ...examples.upsert, payload: { a: { [bad]: 1 } } }, "payload.a"],
    [{ ...examples.upsert, vectors: [version] }, "vector"],
    [{ ...examples.upsert, kept: [{ name: bad, dot }] }, "vector"],
    [{ ...examples["set-payload"], fields: { a: bad } }, "payload.a"],
    [{ ...examples["delete-payload"], fields: ["a", bad] }, "keys[1]"],
    [{ ...examples["delete-vectors"], names: [bad] }, "vectors[0]"],
    [{ ...examples.purge, vector: bad }, "vector"],
  ];
  for (const [body, field] of cases) {
    assert.throws(
      () => encodeOperation({ ...header, ...body }),
      (error) => error instanceof MurmurationError && error.code === "format" && error.field === field,
      field,
    );
  }
});

test("values that are not finite are refused in every encoding, and in payloads of every depth", () => {
  const row = (fields: readonly unknown[], kind = 1, format = 1) =>
    encode([format, kind, 5, 1, [1, 4, 2, 8], ...fields]);
  const nan = Uint8Array.of(0, 0, 0xc0, 0x7f);
  const infinite = Uint8Array.of(0, 0, 0x80, 0x7f);
  for (const values of [nan, infinite]) {
    assert.throws(() => read(row([1, [["", values, delta]], {}, []])), isCorrupt);
    assert.throws(() => read(row([1, [["", values, delta]], []], 2)), isCorrupt);
    assert.throws(() => read(row([1, [["", 0, values, delta]], {}, []], 1, 2)), isCorrupt);
    assert.throws(() => read(row([1, [["", 0, values, delta]], []], 2, 2)), isCorrupt);
  }
  for (const half of [Uint8Array.of(0, 0x7c), Uint8Array.of(1, 0x7e)])
    assert.throws(() => read(row([1, [["", half, delta, numberOfEncoding("f16")]], {}, []])), isCorrupt);
  // a code that no value has, and a step finer than an encoder writes
  for (const codes of [Uint8Array.of(0, 0, 0x80, 0x3f, 0x80), Uint8Array.of(1, 0, 0x80, 0x3f, 0x7f)])
    assert.throws(() => read(row([1, [["", codes, delta, numberOfEncoding("sq8")]], {}, []])), isCorrupt);
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, { a: Number.NaN }, [[Number.NEGATIVE_INFINITY]]]) {
    assert.throws(() => read(row([1, [], { a: wrong }, []])), isCorrupt);
    assert.throws(() => read(row([[1], { a: wrong }], 5)), isCorrupt);
    assert.throws(() => read(row([[1], { a: wrong }], 6)), isCorrupt);
  }
});
