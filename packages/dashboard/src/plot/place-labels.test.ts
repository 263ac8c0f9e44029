import assert from "node:assert/strict";
import { test } from "node:test";
import { type Labelled, placeLabels } from "./place-labels.js";

const node = (x: number, y: number, isFirst = false): Labelled => ({ x, y, radius: 6, width: 40, isFirst });

test("labels of nodes that stand close are written around them, and none over another", () => {
  const [WIDTH, HEIGHT, LINE] = [300, 400, 12];
  const crowd = Array.from({ length: 30 }, (_, i) => node(150 + (i % 6) * 9, 200 + Math.floor(i / 6) * 9, i === 0));
  const places = placeLabels(crowd, WIDTH, HEIGHT).filter((place) => place !== undefined);
  assert.ok(places.length >= 8, `${places.length} are written`);
  for (const [i, one] of places.entries()) {
    assert.ok(one.left >= 0 && one.left + 40 <= WIDTH);
    for (const other of places.slice(i + 1)) {
      assert.ok(Math.abs(one.left - other.left) >= 40 || Math.abs(one.middle - other.middle) >= LINE);
    }
  }
});

test("one stands inside the picture, and to the right of its node where there is room", () => {
  const [left, right] = placeLabels([node(20, 50), node(290, 150)], 300, 200);
  assert.deepEqual(left, { left: 31, middle: 50 });
  assert.deepEqual(right, { left: 239, middle: 150 });
});

test("what is drawn whatever is there is placed first, and the later of others before the earlier", () => {
  const same = [node(150, 100), node(150, 100, true), node(150, 100), node(150, 100)];
  const [first, named, , last] = placeLabels(same, 300, 200);
  assert.deepEqual(named, { left: 161, middle: 100 });
  assert.deepEqual(last, { left: 99, middle: 100 });
  const narrow = placeLabels([node(20, 10), node(20, 10, true)], 45, 20);
  assert.deepEqual(narrow[0], undefined, "there is no room for it");
  assert.notEqual(narrow[1], undefined);
  assert.ok(first !== undefined && first.middle !== 100, "above or below");
});
