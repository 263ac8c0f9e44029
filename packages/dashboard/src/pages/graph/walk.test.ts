import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  layOut,
  nameOf,
  parentsOf,
  stateAt,
  stepsOf,
  tellStep,
  type Walked,
  type WalkNode,
  type WalkStep,
} from "./walk.js";

const node = (id: number | null, distance: number, more: Partial<WalkNode> = {}): WalkNode => ({
  id,
  dot: `1:${id ?? 0}`,
  level: 0,
  dead: false,
  distance,
  ...more,
});
const step = (more: Partial<WalkStep>): WalkStep => ({
  kind: "search",
  level: 0,
  expanded: [],
  looked: [],
  kept: [],
  pool: 1,
  farthest: 0,
  ...more,
});

const walked: Walked = {
  nodes: [node(9, 5, { level: 1 }), node(4, 3), node(null, 2, { dead: true }), node(7, 1)],
  walks: [
    {
      ef: 2,
      ranked: 0,
      steps_taken: 3,
      compared: 3,
      candidates: 2,
      steps: [
        step({ kind: "descend", level: 1, looked: [0], kept: [0], farthest: 5 }),
        step({ kind: "descend", level: 1, expanded: [0], looked: [1], kept: [1], farthest: 3 }),
        step({ kind: "descend", level: 1, expanded: [1], looked: [0], farthest: 3 }),
        step({ looked: [1], kept: [1], farthest: 3 }),
        step({ expanded: [1], looked: [0, 2, 3], kept: [2, 3], pool: 2, farthest: 2 }),
        step({ expanded: [3, 2], pool: 2, farthest: 2 }),
      ],
    },
  ],
  exact: false,
  cut: false,
  settled: true,
  end: "",
  points: [{ id: 7, score: 1, node: 3 }],
};
const steps = stepsOf(walked);

describe("a walk", () => {
  test("is told in words", () => {
    assert.deepEqual(
      steps.map((one) => tellStep(walked, one)),
      [
        "Layer 1: enters at point 9, distance 5",
        "Layer 1: from point 9 looks at 1 links; goes on to point 4, distance 3",
        "Layer 1: from point 4 looks at 1 links; none is nearer: down a layer",
        "Layer 0: the search begins with point 4",
        "Layer 0: expands point 4; of 3 nodes that are new keeps 2; 2 kept in all, the farthest at 2",
        "Layer 0: expands point 7, node 1:0 (dead); of 0 nodes that are new keeps none; 2 kept in all, the farthest at 2",
      ],
    );
    assert.equal(nameOf(undefined), "a node");
  });

  test("has at each step what was looked at, kept and expanded until then", () => {
    const sets = (at: number) => {
      const { looked, kept, expanded } = stateAt(walked, steps, at);
      return [looked, kept, expanded].map((set) => [...set].sort());
    };
    assert.deepEqual(sets(0), [[0], [0], []]);
    assert.deepEqual(sets(2), [[0, 1], [1], [0, 1]]);
    // of three, the two nearest stay
    assert.deepEqual(sets(4), [
      [0, 1, 2, 3],
      [2, 3],
      [0, 1],
    ]);
    assert.deepEqual(sets(-1), [[], [], []]);
  });

  test("is laid out with the nearest in the middle, and the same every time", () => {
    const places = layOut(walked.nodes, parentsOf(steps));
    const radii = places.map(({ x, y }) => Math.hypot(x, y));
    assert.deepEqual(
      radii.map((_, i) => i).sort((a, b) => (radii[a] as number) - (radii[b] as number)),
      [3, 2, 1, 0],
    );
    assert.ok(radii.every((radius) => radius <= 1));
    assert.deepEqual(layOut(walked.nodes, parentsOf(steps)), places);
    assert.deepEqual(layOut([], new Map()), []);
    assert.ok(layOut([node(1, 0)], new Map()).every(({ x, y }) => Number.isFinite(x + y)));
  });

  test("leads to each node from one that was met before", () => {
    assert.deepEqual(
      [...parentsOf(steps)],
      [
        [1, 0],
        [2, 1],
        [3, 1],
      ],
    );
  });
});
