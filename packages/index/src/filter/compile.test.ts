import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { FieldAccess } from "../payload/access.js";
import { accessOfIndex } from "../payload/index-access.js";
import type { Json, Payload } from "../payload/json.js";
import { PayloadIndexes } from "../payload/payload-indexes.js";
import type { PayloadIndexSchema, TextIndexes } from "../payload/schema.js";
import type { PointId } from "../point/point-id.js";
import { RowSet } from "../row-set.js";
import { defaultTextParameters } from "../text/mod.js";
import { compileFilter, prepareFilter } from "./compile.js";
import type { Condition, Filter } from "./condition.js";
import { compilePredicate } from "./matches.js";
import { emptyFilter } from "./parse.js";
import type { FilterSubject, PointSource } from "./point-source.js";

/** Points in memory; a point's id is 1,000 more than its row, and even rows have a vector named "v". */
class Points implements PointSource {
  readonly indexes = new PayloadIndexes();
  readonly liveRows = new RowSet();
  readonly payloads: (Payload | undefined)[] = [];
  subjectsRead = 0;
  texts?: TextIndexes;

  get rowCount(): number {
    return this.payloads.length;
  }

  put(row: number, payload: Payload | undefined): void {
    const before = this.payloads[row];
    if (before !== undefined) this.indexes.removePoint(row, before);
    if (payload !== undefined) this.indexes.addPoint(row, payload);
    this.payloads[row] = payload;
    if (payload === undefined) this.liveRows.delete(row);
    else this.liveRows.add(row);
  }

  subjectAt(row: number): FilterSubject {
    this.subjectsRead += 1;
    const payload = this.payloads[row];
    assert.ok(payload !== undefined, "only live rows are looked at");
    return { id: row + 1_000, payload, hasVector: (name) => name === "v" && row % 2 === 0 };
  }

  rowOf(id: PointId): number | undefined {
    const row = Number(id) - 1_000;
    return this.payloads[row] === undefined ? undefined : row;
  }

  accessTo(path: string): FieldAccess | undefined {
    const index = this.indexes.get(path);
    return index && accessOfIndex(index);
  }

  matching(filter: Filter): number[] {
    const predicate = compilePredicate(filter);
    return [...this.liveRows].filter((row) => predicate(this.subjectAt(row)));
  }
}

const big = 2n ** 60n;
const keys = ["a", "b", "c", "c[].x", "d.a", "c[0].x", "missing"];

const scalar = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 4 }) },
  { weight: 3, arbitrary: fc.constantFrom("x", "y", "", "1") },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Json>(true, false, 0.5, 1.5, -0, big, big + 1n, 3n, 2 ** 60, Number.POSITIVE_INFINITY),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 3, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom<Json>([[]], [["x"], 1], {}, { x: 1 }) },
);
const payload: fc.Arbitrary<Payload> = fc.record(
  {
    a: value,
    b: value,
    c: fc.oneof(value, fc.array(fc.record({ x: value }, { requiredKeys: [] }), { maxLength: 3 })),
    d: fc.record({ a: value }),
  },
  { requiredKeys: ["a", "b"] },
);

const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b") },
  { weight: 2, arbitrary: fc.constantFrom(...keys) },
);
const number = fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom<number | bigint>(0.5, 1.5, big, big + 1n));
const matchScalar = fc.oneof(
  fc.constantFrom("x", "y", "", "1", true, false),
  fc.integer({ min: -2, max: 4 }),
  fc.constant(big),
);
const matchValues = fc.oneof(
  fc.array(fc.constantFrom("x", "y", "", "1"), { maxLength: 3 }),
  fc.array(fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom(big, big + 1n)), { maxLength: 3 }),
);

const { filter } = fc.letrec<{ condition: Condition; filter: Filter }>((tie) => {
  const none = fc.constant<Condition[]>([]);
  const conditions = fc.array(tie("condition"), { minLength: 1, maxLength: 3 });
  return {
    condition: fc.oneof(
      { maxDepth: 3 },
      fc.oneof(
        fc.record({ kind: fc.constant("match-value" as const), key, value: matchScalar }),
        fc.record({ kind: fc.constant("match-any" as const), key, values: matchValues }),
        fc.record({ kind: fc.constant("match-except" as const), key, values: matchValues }),
        fc.record(
          { kind: fc.constant("range" as const), key, lt: number, gt: number, lte: number, gte: number },
          { requiredKeys: ["kind", "key"] },
        ),
        fc.record({ kind: fc.constantFrom("is-empty" as const, "is-null" as const), key }),
        fc.record({
          kind: fc.constant("has-id" as const),
          ids: fc.array(fc.integer({ min: 998, max: 1_050 }), { maxLength: 30 }),
        }),
        fc.record({ kind: fc.constant("has-vector" as const), vector: fc.constantFrom("v", "w") }),
      ),
      fc.record({ kind: fc.constant("nested" as const), key: fc.constantFrom("c", "c[]", "a"), filter: tie("filter") }),
      fc.record({ kind: fc.constant("filter" as const), filter: tie("filter") }),
    ) as fc.Arbitrary<Condition>,
    filter: fc.oneof(
      fc.record({ must: conditions, should: none, mustNot: none }),
      fc.record({ must: none, should: conditions, mustNot: none }),
      fc.record({ must: none, should: none, mustNot: conditions }),
      fc.record({
        must: none,
        should: none,
        mustNot: none,
        minShould: fc.record({ conditions, minCount: fc.integer({ min: 1, max: 3 }) }),
      }),
      fc.record({
        must: fc.oneof(none, conditions),
        should: conditions,
        mustNot: conditions,
        minShould: fc.record({ conditions, minCount: fc.constant(1) }),
      }),
    ),
  };
});

const schema = fc.constantFrom<PayloadIndexSchema>(
  { kind: "keyword" },
  { kind: "integer" },
  { kind: "integer", lookup: false },
  { kind: "integer", range: false },
  { kind: "float" },
  { kind: "bool" },
);
const schemas = fc.array(fc.tuple(key, schema), { maxLength: 8 });
const update = fc.record({ row: fc.nat(40), payload: fc.option(payload, { nil: undefined }) });

function pointsOf(payloads: readonly Payload[]): Points {
  const points = new Points();
  for (const [row, each] of payloads.entries()) points.put(row, each);
  return points;
}

/** Creates an index over the points that are there. */
function addIndex(points: Points, path: string, schemaOfPath: PayloadIndexSchema): void {
  const live = [...points.liveRows].map((row) => [row, points.payloads[row] as Payload] as const);
  points.indexes.create(path, schemaOfPath, live);
}

describe("compileFilter", () => {
  it("finds what the predicate finds, whatever is indexed, before and after updates", () => {
    let telling = 0;
    assertUntil(
      () => ({ "some of the points": [telling, 500] }),
      fc.property(
        fc.array(payload, { minLength: 8, maxLength: 40 }),
        schemas,
        fc.array(filter, { minLength: 1, maxLength: 5 }),
        fc.array(update, { maxLength: 20 }),
        (payloads, indexed, filters, updates) => {
          const points = pointsOf(payloads);
          for (const [path, schemaOfPath] of indexed) addIndex(points, path, schemaOfPath);
          const check = (): void => {
            const live = [...points.liveRows];
            for (const each of filters) {
              const expected = points.matching(each);
              assert.deepEqual([...compileFilter(each, points)], expected);
              if (expected.length > 0 && expected.length < live.length) telling += 1;
            }
            assert.deepEqual([...points.liveRows], live, "live rows are left alone");
          };
          check();
          for (const { row, payload: next } of updates) points.put(row, next);
          check();
          for (const row of points.payloads.keys()) points.put(row, undefined);
          check();
        },
      ),
      { numRuns: 400 },
    );
  });

  it("finds with an index on the key what each single condition finds without one", () => {
    const single = filter.filter((each) => each.must.length === 1).map((each) => ({ ...emptyFilter, must: each.must }));
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 30 }),
        schema,
        single,
        (payloads, schemaOfPath, each) => {
          const points = pointsOf(payloads);
          const expected = [...compileFilter(each, points)];
          for (const path of keys) addIndex(points, path, schemaOfPath);
          assert.deepEqual([...compileFilter(each, points)], expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  const rows = Array.from(
    { length: 1_000 },
    (_, i): Payload => ({ color: i % 10 === 0 ? "red" : "blue", size: i, note: `n${i}` }),
  );

  function indexedPoints(): Points {
    const points = pointsOf(rows);
    addIndex(points, "color", { kind: "keyword" });
    addIndex(points, "size", { kind: "integer" });
    return points;
  }

  const red: Condition = { kind: "match-value", key: "color", value: "red" };
  const small: Condition = { kind: "range", key: "size", lt: 100 };
  const note: Condition = { kind: "match-value", key: "note", value: "n50" };

  it("reads no point when indexes serve every condition", () => {
    const points = indexedPoints();
    const filters: [Filter, number][] = [
      [{ ...emptyFilter, must: [red, small] }, 10],
      [{ ...emptyFilter, should: [red, small] }, 190],
      [{ ...emptyFilter, mustNot: [red] }, 900],
      [{ ...emptyFilter, minShould: { conditions: [red, small], minCount: 2 } }, 10],
      [{ ...emptyFilter, must: [{ kind: "match-except", key: "color", values: ["blue"] }] }, 100],
      [{ ...emptyFilter, mustNot: [{ kind: "is-empty", key: "color" }] }, 1_000],
      [{ ...emptyFilter, must: [{ kind: "filter", filter: { ...emptyFilter, mustNot: [small] } }, red] }, 90],
      [{ ...emptyFilter, must: [{ kind: "has-id", ids: [1_000, 1_001] }, red] }, 1],
      [emptyFilter, 1_000],
    ];
    for (const [each, size] of filters) assert.equal(compileFilter(each, points).size, size);
    assert.equal(points.subjectsRead, 0);
  });

  it("evaluates what is not indexed only on the rows that indexes leave", () => {
    const points = indexedPoints();
    assert.equal(compileFilter({ ...emptyFilter, must: [note, red, small] }, points).size, 1);
    assert.equal(points.subjectsRead, 10);
    points.subjectsRead = 0;
    assert.equal(compileFilter({ ...emptyFilter, should: [note, red] }, points).size, 100);
    assert.equal(points.subjectsRead, 900);
    points.subjectsRead = 0;
    const minShould = { conditions: [note, red, small], minCount: 3 };
    assert.equal(compileFilter({ ...emptyFilter, minShould }, points).size, 1);
    assert.equal(points.subjectsRead, 10);
  });

  it("does not walk a wide range when few rows are left", () => {
    const points = indexedPoints();
    const wide: Condition = { kind: "range", key: "size", gte: 0 };
    assert.equal(compileFilter({ ...emptyFilter, must: [wide, { kind: "has-id", ids: [1_003] }] }, points).size, 1);
    assert.equal(points.subjectsRead, 1);
  });

  it("takes long texts of conditions apart in slices", () => {
    const points = new Points();
    points.put(1, { note: "a word" });
    points.texts = { note: defaultTextParameters };
    const text = Array.from({ length: 20_000 }, (_, i) => `word${i}`).join(" ");
    for (const how of ["all", "any", "phrase"] as const) {
      const work = prepareFilter(
        { ...emptyFilter, must: [{ kind: "match-text", key: "note", how, text }] },
        points,
      ).rows();
      let pauses = 0;
      while (work.next().done !== true) pauses++;
      assert.ok(pauses >= text.length / 8_192, `${how}: ${pauses} pauses`);
    }
  });
});
