import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type JsonObject, multiVector, type PointId, sparseVector, type Vector } from "@murmuration/index";
import fc from "fast-check";
import type { CarriedPoint } from "./carried-point.js";
import type { CollectionBody } from "./collection-body.js";
import type { SinkFormat } from "./open-sink.js";
import { digestOf, readPoints, TransferFolder, writePoints } from "./transfers.test-support.js";

const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => Math.fround(value) + 0);
const dense = (size: number) =>
  fc.array(number, { minLength: size, maxLength: size }).map((values) => Float32Array.from(values));
const sparse = fc
  .uniqueArray(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 5 })
  .chain((indices) =>
    fc
      .array(number, { minLength: indices.length, maxLength: indices.length })
      .map((values) => sparseVector(indices, values, "v")),
  );
const multi = fc.array(dense(2), { minLength: 1, maxLength: 3 }).map((parts) => multiVector(parts, "v"));
const integers = fc
  .oneof(fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n), fc.bigInt(-5n, 5n))
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', ",", "\r\n", "\\", "[1,2]", "true", "12", ""),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    text,
    integers,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(
    text.filter((key) => key !== "__proto__"),
    tie("value"),
    { maxKeys: 4, noNullPrototype: true },
  ),
}));
const payload = json.object as fc.Arbitrary<JsonObject>;
const integerId = fc
  .bigInt(0n, 2n ** 64n - 2n)
  .map((value): PointId => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value));
const anyId = fc.oneof(
  integerId,
  fc.uuid().map((id): PointId => id),
);
const pointsOf = (id: fc.Arbitrary<PointId>, vectors: fc.Arbitrary<{ [name: string]: Vector }>) =>
  fc.uniqueArray(fc.record({ id, vectors, payload }), {
    minLength: 1,
    maxLength: 12,
    selector: (point) => point.id,
  }) as fc.Arbitrary<CarriedPoint[]>;

const everyKind: CollectionBody = {
  create: {
    vectors: {
      "": { size: 3, distance: "Dot" },
      'n"a,m.e': { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } },
    },
    sparse_vectors: { words: {} },
  },
  indexes: [{ field_name: "a", field_schema: "keyword" }],
};
const anyVectors = fc.record({ "": dense(3), 'n"a,m.e': multi, words: sparse }, { requiredKeys: [] }) as fc.Arbitrary<{
  [name: string]: Vector;
}>;
const plain: CollectionBody = { create: { vectors: { size: 4, distance: "Dot" } }, indexes: [] };
const plainVector = fc.record({ "": dense(4) }) as fc.Arbitrary<{ [name: string]: Vector }>;

const byId = (points: readonly CarriedPoint[]) => [...points].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Every format with what it can hold. Files of vectors have theirs in the order of ids, as a scroll gives them. */
const formats: readonly {
  readonly format: SinkFormat;
  readonly body: CollectionBody;
  readonly points: fc.Arbitrary<CarriedPoint[]>;
  readonly isBeside: boolean;
}[] = [
  { format: "ndjson", body: everyKind, points: pointsOf(anyId, anyVectors), isBeside: false },
  { format: "parquet", body: everyKind, points: pointsOf(anyId, anyVectors), isBeside: false },
  { format: "csv", body: plain, points: pointsOf(anyId, plainVector), isBeside: false },
  { format: "npy", body: plain, points: pointsOf(anyId, plainVector), isBeside: true },
  { format: "fvecs", body: plain, points: pointsOf(anyId, plainVector), isBeside: true },
  { format: "usearch", body: plain, points: pointsOf(integerId, plainVector).map(byId), isBeside: true },
];

describe("what is written to a file and read again is the same", () => {
  const folder = new TransferFolder();
  after(() => folder.remove());

  for (const { format, body, points, isBeside } of formats) {
    test(`${format}, also where it is gone on with in the middle`, async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(points, fc.nat(), async (all, cut) => {
          const path = folder.file(`${run++}.${format}`);
          await writePoints(format, path, body, all);
          const options = isBeside ? { payloadFile: `${path}.payload.ndjson` } : {};
          const read = await readPoints(path, body, 0, options);
          assert.deepEqual(
            read.map(({ id }) => id),
            all.map(({ id }) => id),
          );
          assert.equal(digestOf(read), digestOf(all));
          const from = cut % all.length;
          assert.equal(digestOf(await readPoints(path, body, from, options)), digestOf(all.slice(from)));
        }),
        { numRuns: 25 },
      );
    });
  }

  for (const name of ["", "named"]) {
    const size = { size: 2, distance: "Dot" };
    const body: CollectionBody = { create: { vectors: name === "" ? size : { named: size } }, indexes: [] };
    for (const format of ["ndjson", "csv", "parquet"] as const) {
      test(`${format}: points without a vector, of a collection with ${name === "" ? "one" : "one by a name"}, and none but these`, async () => {
        const without = { id: 1, vectors: {}, payload: { a: 1 } };
        const whole = { id: 2, vectors: { [name]: Float32Array.of(1, 2) }, payload: {} };
        for (const all of [[without, whole], [whole, without], [without]]) {
          const path = folder.file(`without-${all.length}.${format}`);
          await writePoints(format, path, body, all);
          const read = await readPoints(path, body);
          assert.deepEqual(
            read.map(({ id }) => id),
            all.map(({ id }) => id),
          );
          assert.equal(digestOf(read), digestOf(all));
        }
      });
    }
  }

  test("ndjson: a row that has the text of the key of a header is a row", async () => {
    const row = '{"id":1,"vector":[1,2,3,4],"payload":{}}';
    const [point] = await readPoints(folder.file("key.ndjson", row.replace("{}", '{"by":"murmur_export"}')), plain);
    assert.deepEqual(point?.payload, { by: "murmur_export" });
  });
});
