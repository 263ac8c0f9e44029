import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RowSet } from "../row-set.js";
import { finish } from "../sliced.js";
import { BEAM } from "./graph-limits.js";
import type { GraphReader } from "./graph-reader.js";
import { buildIndex, clusteredVectors, optionsFor } from "./graphs.test-support.js";
import { normalise } from "./normalise.js";
import { type Metric, walksOnCodes } from "./options.js";
import { compareNodeDots, type Visibility } from "./search-types.js";
import { type LookedAt, type RecordedWalk, WalkRecorder, type WalkStep } from "./walk-recorder.js";

/** Every slot is visible. */
const all: Visibility = { matches: undefined, keep: () => undefined, all: () => assert.fail("a walk is enough") };

/**
 * The walk once more, by the links of the graph and the distances that were recorded: from each step's expanded nodes, what is looked at, what is kept
 * and what comes next follow (HNSW, Malkov and Yashunin, 2018, algorithm 2, three heads at a time).
 */
function walkAgain(reader: GraphReader, ef: number, steps: readonly WalkStep[]): void {
  const before = (a: LookedAt, b: LookedAt) =>
    a.distance - b.distance || compareNodeDots(reader.dotAt(a.slot), reader.dotAt(b.slot));
  const descent = steps.filter(({ kind }) => kind === "descend");
  let here: LookedAt | undefined;
  for (const { expanded, looked, kept, level } of descent) {
    if (expanded.length === 0) {
      assert.equal(looked.length, 1);
      [here] = looked;
      continue;
    }
    assert.deepEqual(expanded, [here?.slot]);
    assert.deepEqual(
      looked.map(({ slot }) => slot),
      [...reader.neighboursAt(here?.slot as number, level)],
    );
    const [nearest] = [...looked, here as LookedAt].sort(before);
    assert.deepEqual(kept, nearest?.slot === here?.slot ? [] : [nearest?.slot]);
    here = nearest;
  }
  const [begin, ...search] = steps.filter(({ kind }) => kind === "search");
  assert.ok(begin !== undefined && begin.expanded.length === 0 && begin.level === 0);
  assert.deepEqual(
    begin.looked.map(({ slot }) => slot),
    [here?.slot ?? reader.entrySlot()],
  );
  let pool = [...begin.looked];
  const expandedSlots = new Set<number>();
  const visited = new Set(begin.looked.map(({ slot }) => slot));
  for (const { expanded, looked, kept, pool: size, farthest } of search) {
    const next = pool.filter(({ slot }) => !expandedSlots.has(slot)).slice(0, BEAM);
    assert.deepEqual(
      expanded,
      next.map(({ slot }) => slot),
    );
    const links = expanded.flatMap((slot) => [...reader.neighboursAt(slot, 0)]);
    const unvisited = [...new Set(links)].filter((slot) => !visited.has(slot));
    assert.deepEqual(
      looked.map(({ slot }) => slot),
      unvisited,
    );
    for (const slot of expanded) expandedSlots.add(slot);
    for (const slot of unvisited) visited.add(slot);
    pool = [...pool, ...looked].sort(before).slice(0, ef);
    const inPool = new Set(pool.map(({ slot }) => slot));
    assert.deepEqual(
      kept,
      looked.map(({ slot }) => slot).filter((slot) => inPool.has(slot)),
    );
    assert.equal(size, pool.length);
    assert.equal(farthest, pool.at(-1)?.distance);
  }
  assert.ok(
    pool.every(({ slot }) => expandedSlots.has(slot)),
    "it ends when all that is kept is expanded",
  );
}

describe("a recorded walk", () => {
  test("is the walk of the same search, and each of its steps follows from the graph", () => {
    const metrics: Metric[] = ["cosine", "dot", "euclid", "manhattan"];
    fc.assert(
      fc.property(
        fc.constantFrom(...metrics),
        fc.constantFrom("int8" as const, "none" as const),
        fc.integer({ min: 4, max: 24 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (metric, quantization, efSearch, seed) => {
          const vectors = clusteredVectors(500, 8, seed);
          const options = optionsFor(8, { metric, quantization, links: 6, efConstruction: 32 });
          const { index } = buildIndex(options, vectors);
          const [given] = clusteredVectors(1, 8, seed + 1) as [Float32Array];
          const query = metric === "cosine" ? normalise(given) : given;
          const recorder = new WalkRecorder();
          const limit = 4;
          const found = finish(index.reader.searchVisible(query, { limit, efSearch }, all, recorder));
          assert.deepEqual(found, finish(index.reader.searchVisible(query, { limit, efSearch }, all)));
          assert.deepEqual([recorder.isCut, recorder.comparesAll, recorder.walks.length], [false, false, 1]);
          const [walk] = recorder.walks as [RecordedWalk];
          assert.equal(walk.ef, efSearch);
          assert.equal(walk.plan.depth > 0, walksOnCodes(options));
          walkAgain(index.reader, efSearch, walk.steps);
          assert.equal(walk.candidates, walk.steps.at(-1)?.pool);
          const taken = walk.steps.filter(({ expanded }) => expanded.length > 0);
          assert.equal(walk.stepsTaken, taken.length);
          assert.equal(
            walk.compared,
            taken.reduce((sum, { looked }) => sum + looked.length, 0),
          );
        },
      ),
      { numRuns: 16 },
    );
  });

  test("tells no more than its bounds, and counts on", () => {
    const { index } = buildIndex(optionsFor(8, { metric: "euclid", links: 6 }), clusteredVectors(800, 8, 3));
    const [query] = clusteredVectors(1, 8, 4) as [Float32Array];
    const search = (recorder: WalkRecorder) =>
      finish(index.reader.searchVisible(query, { limit: 4, efSearch: 40 }, all, recorder));
    const whole = new WalkRecorder();
    const answer = search(whole);
    for (const bounds of [
      { stepsMax: 5, lookedMax: 10_000 },
      { stepsMax: 1_000, lookedMax: 30 },
    ]) {
      const recorder = new WalkRecorder(bounds);
      assert.deepEqual(search(recorder), answer);
      assert.ok(recorder.isCut);
      const [[cut], [all]] = [recorder.walks, whole.walks] as [[RecordedWalk], [RecordedWalk]];
      assert.deepEqual(cut.steps, all.steps.slice(0, cut.steps.length));
      assert.ok(cut.steps.length <= bounds.stepsMax);
      assert.ok(cut.steps.reduce((sum, { looked }) => sum + looked.length, 0) <= bounds.lookedMax);
      assert.deepEqual([cut.stepsTaken, cut.compared, cut.candidates], [all.stepsTaken, all.compared, all.candidates]);
    }
  });

  test("says where all that match are compared instead", () => {
    const { index } = buildIndex(optionsFor(4, { metric: "dot" }), clusteredVectors(10, 4, 3));
    const recorder = new WalkRecorder();
    const rows = new RowSet();
    for (let slot = 0; slot < 10; slot++) rows.add(slot);
    const visibility: Visibility = {
      ...all,
      *all() {
        yield "pause";
        return rows;
      },
    };
    finish(index.reader.searchVisible(Float32Array.of(1, 0, 0, 0), { limit: 3 }, visibility, recorder));
    assert.deepEqual([recorder.walks.length, recorder.comparesAll], [0, true]);
  });
});
