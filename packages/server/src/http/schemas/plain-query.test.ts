import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { plainQuery, plainSearch } from "./plain-query.js";
import { queryBody, searchBody } from "./query.js";
import { validate } from "./validate.js";

/** Without the keys that are undefined: nobody tells them from those that are not there. */
function defined(body: object): object {
  const entries = Object.entries(body).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, key === "params" ? defined(value as object) : value]));
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(2n ** 60n, -0, 1e39, 1.5, 0, -1, 65_537, 2 ** 53, undefined, null),
);
const vector = fc.array(fc.double({ noNaN: true, min: -1e5, max: 1e5 }), { minLength: 1, maxLength: 5 });
/** Mostly what it says, sometimes anything. */
const mostly = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });
const filter = fc.oneof(
  fc.record({ must: fc.array(fc.record({ key: fc.constant("n"), range: fc.record({ lt: fc.integer() }) })) }),
  fc.record({ should: fc.record({ key: fc.string(), match: fc.record({ value: odd }) }) }),
);
const params = fc.record({ hnsw_ef: mostly(fc.nat()), exact: mostly(fc.boolean()) }, { requiredKeys: [] });
const fields = {
  limit: mostly(fc.nat()),
  offset: mostly(fc.nat()),
  with_payload: mostly(fc.boolean()),
  with_vector: mostly(fc.boolean()),
  score_threshold: mostly(fc.double({ noNaN: true, noDefaultInfinity: true })),
  filter: mostly(filter),
  params: mostly(params),
};
const rare = {
  using: fc.string(),
  with_vectors: fc.boolean(),
  lookup_from: odd,
  prefetch: odd,
  shard_key: odd,
  something: odd,
};
const bodyOf = (required: string, own: fc.Arbitrary<unknown>) =>
  fc
    .tuple(
      fc.record({ [required]: own, ...fields }, { requiredKeys: [] }),
      fc.oneof(
        { weight: 6, arbitrary: fc.constant({}) },
        { weight: 1, arbitrary: fc.record(rare, { requiredKeys: [] }) },
      ),
    )
    .map(([usual, unusual]): unknown => ({ ...usual, ...unusual }));

describe("what is read without the schema", () => {
  it("is what the schema would read, key by key; what is not plain is left to it", () => {
    for (const [plain, schema, body] of [
      [plainQuery, queryBody, bodyOf("query", mostly(vector))],
      [plainSearch, searchBody, bodyOf("vector", mostly(vector))],
    ] as const) {
      let taken = 0;
      const property = fc.property(
        fc.oneof({ weight: 20, arbitrary: body }, { weight: 1, arbitrary: odd }),
        (given) => {
          const read = plain(given);
          if (read === undefined) return;
          taken++;
          assert.deepEqual(defined(read), defined(validate(schema, given)));
        },
      );
      assertUntil(() => ({ plain: [taken, 100] }), property, { numRuns: 3_000 });
    }
  });

  it("is most of what clients send", () => {
    const common = {
      limit: 3,
      offset: 1,
      with_payload: true,
      params: { hnsw_ef: 64, exact: false },
      score_threshold: 0.5,
    };
    const filter = { must: [{ key: "city", match: { any: ["Berlin"] } }] };
    assert.ok(plainQuery({ query: [1, 2], with_vector: false, ...common, filter }) !== undefined);
    assert.ok(plainSearch({ vector: [1, 2], with_vector: false, ...common, filter }) !== undefined);
    assert.deepEqual(plainQuery({ query: [0.1, 2] })?.query, { kind: "nearest", target: Float32Array.of(0.1, 2) });
  });
});
