import type { Json, Payload, PointId } from "@murmuration/index";
import fc from "fast-check";
import type { HybridTime } from "../causality/hybrid-clock.js";
import { limits } from "../limits.js";
import { canonicalPayload, canonicalText } from "./canonical-payload.js";
import { type EdgesBody, edgeReasons } from "./edges.js";
import type { Operation, OperationBody, OperationHeader } from "./operation.js";
import { throughEncoding } from "./vector-encoding.js";

/** Generators of operations for property tests. Texts and payloads are canonical. */
const record = <T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(model, { noNullPrototype: true });

const texts = fc.string({ unit: "grapheme", maxLength: 300 }).map(canonicalText);
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
  encoding: fc.constantFrom("f16" as const, "sq8" as const),
}).map(({ values, encoding }) => ({ values: throughEncoding(values, encoding), encoding }));
const vectors = fc.array(
  fc
    .tuple(
      record({ name: texts, delta: fc.uint8Array({ maxLength: 80 }) }),
      fc.oneof(record({ values: fc.float32Array({ maxLength: 40 }) }), encoded),
    )
    .map(([version, values]) => ({ ...version, ...values })),
  { maxLength: 3 },
);
const ids = fc.array(pointIds, { maxLength: 40 });
const names = fc.array(texts, { maxLength: 4 });

const dots = record({
  origin: fc.integer({ min: 1, max: limits.originMax }),
  sequence: fc.integer({ min: 1, max: limits.sequenceMax }),
});
const kept = fc.array(record({ name: texts, dot: dots }), { maxLength: 3 });

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
      vector: texts,
      deltas: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
    }),
    fc.option(record({ owner: origins, through: sequences, foreign: versionVectors }), { nil: undefined }),
  )
  .map(([body, closes]): EdgesBody => (closes === undefined ? body : { ...body, closes }));
const tombstones = record({ id: pointIds, stamp: record({ time: times, origin: origins }) });

export const bodies: fc.Arbitrary<OperationBody> = fc.oneof(
  record({ kind: fc.constant("upsert" as const), id: pointIds, vectors, payload: payloads, kept }),
  record({ kind: fc.constant("update-vectors" as const), id: pointIds, vectors, kept }),
  record({ kind: fc.constant("delete-vectors" as const), ids, names }),
  record({ kind: fc.constant("delete" as const), ids }),
  record({ kind: fc.constant("set-payload" as const), ids, fields: payloads }),
  record({ kind: fc.constant("overwrite-payload" as const), ids, payload: payloads }),
  record({ kind: fc.constant("delete-payload" as const), ids, fields: names }),
  record({ kind: fc.constant("clear-payload" as const), ids }),
  record({ kind: fc.constant("catalogue" as const), change: fc.uint8Array({ maxLength: 100 }) }),
  edges,
  record({ kind: fc.constant("purge" as const), vector: texts, dots: fc.array(dots, { maxLength: 20 }) }),
  record({ kind: fc.constant("forget" as const), tombstones: fc.array(tombstones, { maxLength: 20 }) }),
);

const headers: fc.Arbitrary<OperationHeader> = record({
  shard: texts,
  origin: origins,
  sequence: sequences,
  time: times,
  dependencies: versionVectors,
});

export const operations: fc.Arbitrary<Operation> = fc
  .tuple(headers, bodies)
  .map(([header, body]): Operation => ({ ...header, ...body }));

/** Consecutive operations of one origin and shard. */
export const runs: fc.Arbitrary<Operation[]> = fc
  .tuple(headers, fc.array(fc.tuple(times, versionVectors, bodies), { minLength: 1, maxLength: 5 }))
  .map(([header, rest]) =>
    rest.map(([time, dependencies, body], at): Operation => {
      const sequence = header.sequence + at;
      return { shard: header.shard, origin: header.origin, sequence, time, dependencies, ...body };
    }),
  );
