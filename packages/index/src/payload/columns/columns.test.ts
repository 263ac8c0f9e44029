import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../../conformance.js";
import type { Condition } from "../../filter/condition.js";
import { type PlantedIndexBug, plantedBugsOf } from "../../planted.js";
import { Segment } from "../../segment/segment.js";
import { createTable } from "../../segment/table-engine.js";
import { finish, Meter } from "../../sliced.js";
import type { Json } from "../json.js";
import { type PayloadIndexSchema, textParametersOf } from "../schema.js";
import { columnProblems } from "./column-problems.js";
import { ColumnReader } from "./column-reader.js";
import { Columns } from "./columns.js";
import {
  ModelledColumns,
  type ModelOptions,
  modelConditions,
  modelSteps,
  type Step,
} from "./columns-model.test-support.js";

const firstEpoch = fc.constantFrom(1, 2 ** 31 - 20, 2 ** 32 - 20);

function run(
  options: ModelOptions,
  steps: readonly Step[],
  conditions: Parameters<ModelledColumns["check"]>[0],
  checkEvery: number,
) {
  const model = new ModelledColumns(options);
  try {
    for (const [i, step] of steps.entries()) {
      model.run(step);
      if (i % checkEvery === checkEvery - 1) model.check(conditions);
    }
    model.check(conditions);
    return model;
  } finally {
    model.end();
  }
}

function finishBuild(work: Generator<void, void, void>): void {
  while (work.next().done !== true);
}

describe("columns", () => {
  test("answer what predicates and indexes on the heap answer, at every epoch that a reader is at", () => {
    let [found, asked] = [0, 0];
    assertUntil(
      () => ({ "rows found": [found, 1_000], "columns asked": [asked, 100] }),
      fc.property(
        modelSteps,
        modelConditions,
        firstEpoch,
        fc.constantFrom(64, 3, 12),
        (steps, conditions, firstEpoch, postingRows) => {
          const model = run({ firstEpoch, postingRows }, steps, conditions, 5);
          found += model.found;
          asked += model.columnsAsked;
        },
      ),
      { numRuns: 40 },
    );
  });

  test("keep texts to the byte, a mark at their beginning too", () => {
    const segment = new Segment(createTable({ capacity: 64, slots: [] }));
    const columns = new Columns(segment.engine);
    const [path, value] = ["\ufeffk", "\ufeffé"];
    const column = columns.create(path, { kind: "keyword" });
    finishBuild(columns.build(column, () => ({})));
    const stamp = { wallMs: 1, counter: 0, origin: 1 };
    const [row = 0] = segment.prepare([{ kind: "put", id: 1, payloadKey: 0, stamp, version: 1, slots: [] }]);
    columns.show(column);
    columns.enter(row, { [path]: value });
    const epoch = segment.publish();
    columns.published();
    const reader = new ColumnReader(segment.engine);
    assert.deepEqual(reader.paths(epoch), [path]);
    const live = finish(reader.visibleRows(epoch, new Meter()));
    const facet = reader.accessTo(path, epoch)?.facet;
    assert.ok(facet !== undefined);
    assert.deepEqual(finish(facet.countsAmong(live, new Meter())), new Map([[value, 1]]));
  });

  test("refuse what the memory has no room for, and stay what they are", () => {
    let refused = 0;
    assertUntil(
      () => ({ refused: [refused, 10] }),
      fc.property(
        modelSteps,
        modelConditions,
        fc.integer({ min: 400_000, max: 900_000 }),
        (steps, conditions, arenaBytes) => {
          refused += run({ arenaBytes, postingRows: 3 }, steps, conditions, 5).refused;
        },
      ),
      { numRuns: 40 },
    );
  });

  test("are those of before when the table is read from an image, and go on", () => {
    fc.assert(
      fc.property(modelSteps, modelSteps, modelConditions, (before, after, conditions) => {
        const model = run({ postingRows: 3 }, before, conditions, 1_000);
        model.reload();
        model.check(conditions);
        for (const step of after) model.run(step);
        model.check(conditions);
        model.end();
      }),
      { numRuns: 20 },
    );
  });

  for (const name of plantedBugsOf("columns")) {
    if (name === "extent-reused") continue;
    test(`are caught when ${name}`, () => {
      const found = fc.check(
        fc.property(modelSteps, modelConditions, (steps, conditions) => {
          run({ bugs: [name] }, steps, conditions, 1);
        }),
        // always the same runs: what a bug in the memory leads to is anything
        { numRuns: 200, endOnFailure: true, seed: 1 },
      );
      assert.ok(found.failed);
    });
  }
});

describe("what a row is entered with", () => {
  const cases: { readonly [bug: string]: readonly [PayloadIndexSchema, Json, Condition] } = {
    "term-left-out": [
      { kind: "text" },
      "red and green",
      { kind: "match-text", key: "a", how: "all", text: "green", analysis: textParametersOf({ kind: "text" }) },
    ],
    "place-left-out": [
      { kind: "geo" },
      [
        { lon: 0, lat: 0 },
        { lon: 50, lat: 5 },
      ],
      { kind: "geo-radius", key: "a", center: { lon: 50, lat: 5 }, radius: 10 },
    ],
    "zone-ignored": [
      { kind: "datetime" },
      "2024-02-29T01:00:00+02:00",
      { kind: "datetime-range", key: "a", lt: 1_709_164_800_000_000 },
    ],
  };
  for (const name of plantedBugsOf("entries")) {
    test(`is caught when ${name}`, () => {
      const [schema, value, condition] = cases[name] ?? assert.fail(name);
      const group = { kind: "group", changes: [{ id: 1, payload: { a: value } }], fails: false } as const;
      const steps: Step[] = [group, { kind: "create", path: "a", schema }];
      const builds = Array.from({ length: 8 }, (): Step => ({ kind: "build", fails: false }));
      const isFound = (bugs: readonly PlantedIndexBug[]) => {
        try {
          run({ bugs }, [...steps, ...builds], [condition], 100);
          return false;
        } catch {
          return true;
        }
      };
      assert.deepEqual([isFound([]), isFound([name])], [false, true]);
    });
  }
});

test("a row has as many values as the memory has room for", () => {
  const engine = createTable({ capacity: 100, slots: [] });
  const segment = new Segment(engine);
  const columns = new Columns(engine);
  const schemas = { words: { kind: "keyword" as const }, numbers: { kind: "integer" as const } };
  const made = Object.entries(schemas).map(([path, schema]) => columns.create(path, schema));
  for (const each of made) for (const _ of columns.build(each, () => ({})));
  const count = 7_000;
  const payload = {
    words: Array.from({ length: count }, (_, i) => `word ${i}`),
    numbers: Array.from({ length: count }, (_, i) => 2n ** 62n - BigInt(i)),
  };
  const stamp = { wallMs: 1, counter: 0, origin: 1 };
  const put = (id: number) => ({ kind: "put" as const, id, payloadKey: id, stamp, version: id, slots: [] });
  const rows = segment.prepare([put(1), put(2), put(3)]);
  for (const [i, row] of rows.entries()) columns.enter(row, i === 1 ? payload : { words: "word 1", numbers: 7 });
  for (const each of made) columns.show(each);
  segment.publish();
  columns.published();
  const pin = segment.reader.pin();
  const reader = new ColumnReader(engine);
  const meter = new Meter();
  const all = finish(reader.visibleRows(pin.epoch, meter));
  for (const [path, values, one] of [
    ["words", ["word 6999"], "word 1"],
    ["numbers", [2n ** 62n], 7],
  ] as const) {
    const { equality, facet } = reader.accessTo(path, pin.epoch) ?? {};
    assert.ok(equality !== undefined && facet !== undefined);
    assert.deepEqual([...finish(equality.rowsMatching(values, meter))], [rows[1]]);
    const counts = finish(facet.countsAmong(all, meter));
    assert.equal(counts.size, path === "words" ? count : count + 1);
    assert.equal(counts.get(one), path === "words" ? 3 : 2);
  }
  pin.release();
  assert.deepEqual(columnProblems(engine), []);
});
