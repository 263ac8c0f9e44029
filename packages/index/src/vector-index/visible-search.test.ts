import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RowSet } from "../row-set.js";
import { finish } from "../sliced.js";
import { NO_SLOT } from "./engine.js";
import { attachReader } from "./graph-handle.js";
import { answerBytes, buildIndex, clusteredVectors, optionsFor, seeded } from "./graphs.test-support.js";
import type { SearchOptions, Visibility } from "./search-types.js";
import type { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 8;
const COUNT = 2_500;

function keepIf(slots: Uint32Array, count: number, isKept: (slot: number) => boolean): void {
  for (let i = 0; i < count; i++) if (!isKept(slots[i] as number)) slots[i] = NO_SLOT;
}

/** What the writer shows, asked for slot by slot; counts what it is asked. */
function visibilityOf(index: VectorIndex) {
  let asked = 0;
  const visibility: Visibility = {
    matches: undefined,
    keep: (slots, count) => {
      asked += count;
      keepIf(slots, count, (slot) => index.reader.isVisible(slot));
    },
    *all() {
      yield "pause";
      const slots = new RowSet();
      for (let slot = 0; slot < index.reader.slotCount; slot++) if (index.reader.isVisible(slot)) slots.add(slot);
      return slots;
    },
  };
  return { visibility, asked: () => asked };
}

/** A graph of which a share of the nodes is dead. */
function built(metric: "cosine" | "euclid" | "manhattan", quantization: "int8" | "none", deadShare: number) {
  const random = seeded(5);
  const vectors = clusteredVectors(COUNT + 12, DIMENSIONS, 4);
  // many that are equal, so that ties are decided
  for (let i = 0; i < COUNT; i += 7) vectors[i] = vectors[i % 70] as Float32Array;
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric, quantization }), vectors.slice(0, COUNT));
  for (let slot = 0; slot < COUNT; slot++) {
    if (random() >= deadShare) continue;
    index.reader.hide(slot);
    index.markDead(slot, true);
  }
  return { index, queries: vectors.slice(COUNT) };
}

const options: readonly SearchOptions[] = [
  { limit: 1, efSearch: 1 },
  { limit: 10, efSearch: 12 },
  { limit: 10, efSearch: 30, oversampling: 4 },
  { limit: 25, efSearch: 30, rescore: false },
  { limit: 40, efSearch: 40, allEntries: true },
  { limit: 10, exact: true },
  { limit: 10 },
  { limit: 3_000 },
];

describe("a search that asks at the candidate", () => {
  for (const metric of ["cosine", "euclid", "manhattan"] as const) {
    for (const quantization of ["int8", "none"] as const) {
      test(`answers to the byte as one that knows what is visible: ${metric}, ${quantization}`, () => {
        for (const deadShare of [0, 0.3, 0.9]) {
          const { index, queries } = built(metric, quantization, deadShare);
          const reader = attachReader(index.handle(), 3);
          const { visibility } = visibilityOf(index);
          for (const query of queries) {
            for (const each of options) {
              const answer = finish(reader.searchVisible(query, each, visibility));
              assert.equal(answerBytes(index, answer), answerBytes(index, index.reader.search(query, each)));
            }
          }
        }
      });
    }
  }

  test("answers to the byte as one whose filter is known for all slots", () => {
    for (const metric of ["cosine", "euclid", "manhattan"] as const) {
      for (const deadShare of [0, 0.3]) {
        const { index, queries } = built(metric, "int8", deadShare);
        const reader = attachReader(index.handle(), 3);
        for (const share of [0.02, 0.5, 0.9]) {
          const random = seeded(share * 100);
          const allowed = new RowSet();
          for (let slot = 0; slot < COUNT; slot++) {
            if (index.reader.isVisible(slot) && random() < share) allowed.add(slot);
          }
          const visibility: Visibility = {
            matches: allowed.size,
            keep: (slots, count) => keepIf(slots, count, (slot) => allowed.has(slot)),
            *all() {
              yield "pause";
              return allowed;
            },
          };
          for (const query of queries) {
            for (const each of options) {
              const answer = finish(reader.searchVisible(query, each, visibility));
              assert.equal(
                answerBytes(index, answer),
                answerBytes(index, index.reader.search(query, { ...each, allowed })),
              );
            }
          }
        }
      }
    }
  });

  test("asks about hardly more candidates than it ranks again", () => {
    const { index, queries } = built("euclid", "int8", 0);
    const { asked, visibility } = visibilityOf(index);
    const reader = attachReader(index.handle(), 1);
    for (const query of queries) finish(reader.searchVisible(query, { limit: 10, efSearch: 100 }, visibility));
    assert.equal(asked(), 20 * queries.length);
  });

  test("finds what is visible where the graph's newest nodes are not", () => {
    const { index, queries } = built("euclid", "int8", 0);
    const [query] = queries as [Float32Array];
    // what is nearest is not published yet
    const hidden = [...index.reader.search(query, { limit: 30, exact: true }).slots];
    for (const slot of hidden) index.reader.hide(slot);
    const { visibility } = visibilityOf(index);
    for (const efSearch of [10, 60]) {
      const found = finish(index.reader.searchVisible(query, { limit: 10, efSearch }, visibility)).slots;
      assert.deepEqual(found, index.reader.search(query, { limit: 10, exact: true }).slots);
    }
  });
});
