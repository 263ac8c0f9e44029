import { type Json, multiVector, type Payload, type PointId, sparseVector } from "@murmuration/index";
import fc from "fast-check";
import { type Dot, dotText } from "../causality/dot.js";
import type { HybridTime } from "../causality/hybrid-clock.js";
import { limits } from "../limits.js";
import { canonicalPayload } from "./canonical-payload.js";
import { type EdgesBody, edgeReasons } from "./edges.js";
import type { Operation, OperationBody, OperationHeader } from "./operation.js";
import { type OperationFormat, operationFormats } from "./operation-format.js";
import { throughEncoding } from "./vector-encoding.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/** Generators of operations for property tests. Payloads are canonical. */
const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { noNullPrototype: true });

/** Any well-formed text, short ones mostly; some begin with byte order marks, where decoders differ by length. */
const texts = fc
  .tuple(
    fc.constantFrom("", "", "", "\ufeff", "\ufeff\ufeff", "\ufffd"),
    fc.oneof(
      { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 300 }) },
    ),
  )
  .map((parts) => parts.join(""));
const keys = texts.filter((key) => key !== "__proto__");

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
const bigIntegers = fc.oneof(
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
);
const scalars = fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), numbers, bigIntegers, texts);
const { value: values } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

export const payloads: fc.Arbitrary<Payload> = fc
  .dictionary(keys, values, { maxKeys: 5, noNullPrototype: true })
  .map(canonicalPayload);

export const pointIds: fc.Arbitrary<PointId> = fc.oneof(
  fc.nat(1000),
  fc.maxSafeNat(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.uuid(),
);

const encoded = record({
  values: fc
    .array(fc.float({ noNaN: true, min: -65_504, max: 65_504 }), { minLength: 1, maxLength: 40 })
    .map((values) => Float32Array.from(values)),
  encoding: fc.constantFrom("f16" as const, "sq8" as const, "u8" as const, "turbo4" as const),
}).map(({ values, encoding }) => ({ values: throughEncoding(values, encoding), encoding }));
const plain = record({
  values: fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true }),
});
const sparse = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.float({ noNaN: true, noDefaultInfinity: true })), {
    maxLength: 20,
    selector: ([index]) => index,
  })
  .map((pairs) =>
    sparseVector(
      pairs.map(([index]) => index),
      pairs.map(([, value]) => value),
      "vector",
    ),
  );
const denseVersions = fc
  .tuple(record({ name: keys, delta: fc.uint8Array({ maxLength: 80 }) }), fc.oneof(plain, encoded))
  .map(([version, values]) => ({ ...version, ...values }));
const sparseVersions = record({ name: keys, values: sparse, delta: fc.constant(new Uint8Array(0)) });
const multi = fc
  .integer({ min: 1, max: 20 })
  .chain((dimensions) => {
    const part = fc.float32Array({
      minLength: dimensions,
      maxLength: dimensions,
      noNaN: true,
      noDefaultInfinity: true,
    });
    return fc.array(part, { minLength: 1, maxLength: 40 });
  })
  .map((parts) => multiVector(parts, "vector"));
const multiVersions = record({ name: keys, values: multi, delta: fc.constant(new Uint8Array(0)) });
const versions = fc.oneof(
  { weight: 3, arbitrary: denseVersions },
  { weight: 1, arbitrary: sparseVersions },
  { weight: 1, arbitrary: multiVersions },
);
const ids = fc.uniqueArray(pointIds, { minLength: 1, maxLength: 40 });
const names = fc.array(keys, { maxLength: 4 });

const dots = record({
  origin: fc.integer({ min: 1, max: limits.originMax }),
  sequence: fc.integer({ min: 1, max: limits.sequenceMax }),
});
/** New and kept vectors of a point, no name twice. */
const writtenVectors = fc
  .uniqueArray(fc.oneof<fc.Arbitrary<VectorVersion | KeptVector>[]>(versions, record({ name: keys, dot: dots })), {
    maxLength: 4,
    selector: ({ name }) => name,
  })
  .map((all) => ({
    vectors: all.filter((one): one is VectorVersion => "values" in one),
    kept: all.filter((one): one is KeptVector => "dot" in one),
  }));

const origins = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: limits.originMax }));
const sequences = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: limits.sequenceMax - 100 }));
const times: fc.Arbitrary<HybridTime> = record({
  wallMs: fc.integer({ min: 0, max: limits.wallMsMax }),
  counter: fc.integer({ min: 0, max: limits.clockCounterMax }),
});
export const versionVectors = fc
  .array(fc.tuple(origins, sequences), { maxLength: 4 })
  .map((entries) => new Map(entries));

const edges = fc
  .tuple(
    record({
      kind: fc.constant("edges" as const),
      reason: fc.constantFrom(...edgeReasons),
      vector: keys,
      deltas: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
    }),
    fc.option(record({ owner: origins, through: sequences, foreign: versionVectors }), { nil: undefined }),
  )
  .map(([body, closes]): EdgesBody => (closes === undefined ? body : { ...body, closes }))
  .filter(({ deltas, closes }) =>
    closes === undefined ? deltas.length > 0 : closes.foreign.size > 0 && !closes.foreign.has(closes.owner),
  );
const tombstones = record({ id: pointIds, stamp: record({ time: times, origin: origins }) });

const differentTombstones = fc.uniqueArray(tombstones, { minLength: 1, maxLength: 20, selector: ({ id }) => id });
const differentDots = fc.uniqueArray(dots, { minLength: 1, maxLength: 20, selector: dotText });

export const bodies: fc.Arbitrary<OperationBody> = fc.oneof(
  fc
    .tuple(record({ kind: fc.constant("upsert" as const), id: pointIds, payload: payloads }), writtenVectors)
    .map(([body, written]) => ({ ...body, ...written })),
  fc
    .tuple(record({ kind: fc.constant("update-vectors" as const), id: pointIds }), writtenVectors)
    .map(([body, written]) => ({ ...body, ...written })),
  record({ kind: fc.constant("delete-vectors" as const), ids, names }),
  record({ kind: fc.constant("delete" as const), ids }),
  record({ kind: fc.constant("set-payload" as const), ids, fields: payloads }),
  record({ kind: fc.constant("overwrite-payload" as const), ids, payload: payloads }),
  record({ kind: fc.constant("delete-payload" as const), ids, fields: names }),
  record({ kind: fc.constant("clear-payload" as const), ids }),
  record({ kind: fc.constant("catalogue" as const), change: fc.uint8Array({ maxLength: 100 }) }),
  edges,
  record({ kind: fc.constant("purge" as const), vector: keys, dots: differentDots }),
  record({ kind: fc.constant("forget" as const), tombstones: differentTombstones }),
);

const headers: fc.Arbitrary<OperationHeader> = record({
  shard: texts,
  origin: origins,
  sequence: sequences,
  time: times,
  dependencies: versionVectors,
});

/** The operation as its origin can have written it: nothing in it comes after it. */
function inItsPast(operation: Operation): Operation {
  const { origin, sequence, dependencies } = operation;
  const foreign = new Map([...dependencies].filter(([other]) => other !== origin));
  const isPast = (dot: Dot) => dot.origin !== origin || dot.sequence < sequence;
  const header = { ...operation, dependencies: foreign };
  switch (header.kind) {
    case "upsert":
    case "update-vectors":
      return { ...header, kept: header.kept.filter(({ dot }) => isPast(dot)) };
    case "purge":
      return {
        ...header,
        dots: [
          { origin: (origin % 9) + 1, sequence: 7 },
          ...header.dots.filter((dot) => isPast(dot) && dot.sequence !== 7),
        ],
      };
    case "edges": {
      const { closes, ...rest } = header;
      if (closes === undefined) return header;
      const { owner, through } = closes;
      const isFit = isPast({ origin: owner, sequence: through }) && !closes.foreign.has(origin);
      return isFit ? header : { ...rest, deltas: [Uint8Array.of(1)] };
    }
    default:
      return header;
  }
}

/** Formats that rows are written in. */
export const formats: fc.Arbitrary<OperationFormat> = fc.constantFrom(...operationFormats);

export const operations: fc.Arbitrary<Operation> = fc
  .tuple(headers, bodies)
  .map(([header, body]) => inItsPast({ ...header, ...body }));

/** Consecutive operations of one origin and shard. */
export const runs: fc.Arbitrary<Operation[]> = fc
  .tuple(headers, fc.array(fc.tuple(times, versionVectors, bodies), { minLength: 1, maxLength: 5 }))
  .map(([header, rest]) =>
    rest.map(([time, dependencies, body], at): Operation => {
      const sequence = header.sequence + at;
      return inItsPast({ shard: header.shard, origin: header.origin, sequence, time, dependencies, ...body });
    }),
  );
