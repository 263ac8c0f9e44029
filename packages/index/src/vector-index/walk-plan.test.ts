import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { vectorIndexLimits } from "./options.js";
import { decideWalk, leastMatches, widerWalk } from "./walk-plan.js";

const graph = { dimensions: 4, metric: "cosine", links: 16, efConstruction: 100, quantization: "int8" } as const;

test("a second walk is wider by what the first one missed, or none where comparing with all costs less", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 512 }),
      fc.nat(512),
      (nodes, share, efSearch, met) => {
        const matches = Math.ceil(nodes * share);
        const first = decideWalk(graph, { limit: 10, efSearch }, 10, matches, nodes, true).walk;
        if (first === undefined) return;
        const least = leastMatches(first, 10, matches);
        if (met >= least) return;
        const second = widerWalk(first, met, least, matches);
        if (second === undefined) {
          const needed = (first.widened * least) / Math.max(met, 1);
          const both = needed * 1.5 + first.widened;
          assert.ok(met === 0 || both * 16 >= matches - 16 || both > vectorIndexLimits.efSearchMax - 1);
          return;
        }
        assert.ok(second.widened > first.widened);
        assert.ok(second.widened * met >= first.widened * least);
        assert.ok(second.widened * 16 < matches && second.widened <= vectorIndexLimits.efSearchMax);
        assert.deepEqual([second.expected, second.depth], [first.expected, first.depth]);
      },
    ),
  );
});

test("a filter widens a walk by what it leaves out of the nearest, dead nodes by their share of all", () => {
  const widthOf = (limit: number, matches: number, isFiltered: boolean) =>
    decideWalk(graph, { limit, efSearch: 100 }, limit, matches, 1_000_000, isFiltered).walk?.widened;
  assert.equal(widthOf(10, 1_000_000, true), 100);
  assert.equal(widthOf(10, 500_000, true), 130);
  assert.equal(widthOf(10, 100_000, true), 370);
  assert.equal(widthOf(10, 500_000, false), 200);
  // as many as a search without a filter keeps, at most
  assert.equal(widthOf(60, 500_000, true), 200);
});
