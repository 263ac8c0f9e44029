import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { categoryColours, colouringOf, edgeColour, markOf, missingColour, rangeColour } from "./colours.js";
import { type Projection, projectByPca } from "./pca.js";

function project(rows: readonly (readonly number[])[]): Projection {
  const work = projectByPca(Float32Array.from(rows.flat()), rows[0]?.length ?? 0);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

const near = (a: number, b: number) => Math.abs(a - b) < 1e-3 * Math.max(1, Math.abs(b));

describe("principal components", () => {
  test("are the directions of most variance, and keep the distances along them", () => {
    // on a plane in five dimensions: 3 along one direction for 1 along the other
    const [u, v] = [
      [0.6, 0, 0.8, 0, 0],
      [0, 1, 0, 0, 0],
    ];
    const points = Array.from({ length: 200 }, (_, i) => [3 * Math.cos(i), Math.sin(i)] as const);
    const { xs, ys, explained } = project(
      points.map(([a, b]) => (u as number[]).map((x, k) => 7 + a * x + b * ((v as number[])[k] as number))),
    );
    assert.ok(near(explained[0] + explained[1], 1) && explained[0] > 0.85, String(explained));
    for (const [i, [a, b]] of points.entries()) {
      const [[c, d], j] = [points[(i + 50) % 200] as readonly [number, number], (i + 50) % 200];
      const right = Math.hypot(a - c, b - d);
      const seen = Math.hypot((xs[i] as number) - (xs[j] as number), (ys[i] as number) - (ys[j] as number));
      assert.ok(near(seen, right), `${seen} ${right}`);
    }
  });

  test("are the same every time", () => {
    const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i % 7]);
    assert.deepEqual(project(rows), project(rows));
  });

  test("of no points, one, equal ones and one dimension are numbers", () => {
    for (const rows of [[], [[1, 2, 3]], Array.from({ length: 5 }, () => [1, 2]), [[1], [2], [5]]]) {
      const { xs, ys, explained } = project(rows);
      assert.equal(xs.length, rows.length);
      assert.ok([...xs, ...ys, ...explained].every(Number.isFinite), JSON.stringify(rows));
    }
  });
});

describe("colours by a field", () => {
  test("are those of the most frequent values, with a shape each, and one for the rest", () => {
    const values = [..."aaaabbbccd".split(""), "e", "f", "g", "h", undefined, null, {}];
    const colouring = colouringOf(values);
    assert.ok(colouring.kind === "categories");
    const { categories } = colouring;
    assert.deepEqual(
      categories.map(({ name, count }) => [name, count]),
      [
        ["a", 4],
        ["b", 3],
        ["c", 2],
        ["d", 1],
        ["e", 1],
        ["f", 1],
        ["2 others", 2],
        ["no value", 3],
      ],
    );
    assert.equal(new Set(categories.slice(0, 6).map(({ shape }) => shape)).size, 6);
    assert.equal(markOf(colouring, 0).colour, categoryColours[0]);
    assert.deepEqual(markOf(colouring, values.length - 1), categories.at(-1));
  });

  test("are a range where there are many numbers, and categories where there are few", () => {
    const colouring = colouringOf([0, 5, 10, 2.5, 7.5, 1, 9, undefined]);
    assert.ok(colouring.kind === "range");
    assert.deepEqual([colouring.low, colouring.high, colouring.missing], [0, 10, 1]);
    assert.equal(markOf(colouring, 0).colour, rangeColour(0));
    assert.equal(markOf(colouring, 2).colour, rangeColour(1));
    assert.equal(markOf(colouring, 7).colour, missingColour);
    assert.equal(colouringOf([1, 2, 1, 2]).kind, "categories");
    assert.equal(colouringOf([1, 2, 3, 4, 5, 6, 7, "x"]).kind, "categories");
    assert.equal(colouringOf([]).kind, "categories");
  });

  test("take the first of a list, integers of any size, and no more of a name than is shown", () => {
    const colouring = colouringOf([["x", "y"], "x", 2n ** 60n, "z".repeat(10_000), Number.NaN]);
    assert.ok(colouring.kind === "categories");
    assert.deepEqual(
      colouring.categories.map(({ name, count }) => [name.length, count]),
      [
        [1, 2],
        [19, 1],
        [80, 1],
        [8, 1],
      ],
    );
  });

  test("of a range go from one end to the other, whatever is asked", () => {
    assert.equal(rangeColour(-1), rangeColour(0));
    assert.equal(rangeColour(2), rangeColour(1));
    assert.match(rangeColour(0.37), /^#[0-9a-f]{6}$/);
  });
});

/** WCAG 2.2, "contrast ratio". */
function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map((hex) => {
      const [red, green, blue] = [1, 3, 5].map((place) => {
        const part = Number.parseInt(hex.slice(place, place + 2), 16) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      }) as [number, number, number];
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    })
    .sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test("a mark's edge is seen in both themes, where its colour is not", () => {
  const [light = "", dark = ""] = readFileSync(new URL("../../../src/style/base.css", import.meta.url), "utf8").split(
    '[data-theme="dark"]',
  );
  const valueIn = (theme: string, name: string) => new RegExp(`${name}: (#\\w{6})`).exec(theme)?.[1] ?? "";
  const surfaces = [light, dark].map((theme) => valueIn(theme, "--surface"));
  const ends = [0, 1].map(rangeColour);
  assert.ok(ends.some((end) => surfaces.some((surface) => contrast(end, surface) < 3)));
  for (const theme of [light, dark]) {
    const ratio = contrast(valueIn(theme, edgeColour), valueIn(theme, "--surface"));
    assert.ok(ratio >= 3, `${ratio}`);
  }
});
