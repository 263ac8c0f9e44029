import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantiate, reserveMemory } from "../shared-memory.js";
import * as columns from "./column-layout.js";
import * as layout from "./layout.js";

describe("the layout of columns", () => {
  test("is the same on both sides", () => {
    const exports = instantiate("table", reserveMemory("table")) as Record<string, { value: number } | undefined>;
    assert.ok(Object.keys(columns).length > 50);
    for (const [name, value] of Object.entries(columns)) {
      assert.equal((exports[name]?.value ?? Number.NaN) >>> 0, value, name);
    }
  });

  test("gives every word of the header a place of its own, within the header of columns", () => {
    const places = Object.entries(columns).filter(([name]) => name.startsWith("H_"));
    assert.equal(new Set(places.map(([, place]) => place)).size, places.length);
    const end = layout.COLUMNS_HEADER + layout.COLUMNS_HEADER_BYTES;
    for (const [name, place] of places) {
      assert.ok(place % 4 === 0 && place >= layout.COLUMNS_HEADER && place < end, name);
      const isFree = place < columns.H_ARENA_FREE || place >= columns.H_ARENA_FREE + columns.EXTENT_CLASSES * 4;
      assert.ok(isFree || place === columns.H_ARENA_FREE, name);
    }
    assert.equal(columns.H_NUMBER_KEY % 8, 0);
  });

  test("gives areas, chunks and windows the room that they need", () => {
    assert.equal(columns.CHUNK_ROWS, 2 ** columns.CHUNK_SHIFT);
    assert.equal(columns.SET_BYTES * 8, columns.CHUNK_ROWS);
    assert.equal(columns.SUMMARY_ROWS, 2 ** columns.SUMMARY_SHIFT);
    assert.equal(columns.WINDOW_ROWS % columns.CHUNK_ROWS, 0);
    assert.equal(columns.A_AMONG - columns.A_OUT, columns.WINDOW_ROWS / 8);
    assert.equal(columns.A_INPUT - columns.A_AMONG, columns.WINDOW_ROWS / 8);
    assert.equal(columns.A_PAIRS - columns.A_INPUT, columns.INPUT_BYTES);
    assert.equal(columns.A_VISIBLE - columns.A_PAIRS, columns.PAIRS * 16);
    assert.equal(columns.ROWS_LISTED, columns.PAIRS * 4);
    assert.equal(columns.AREA_BYTES - columns.A_VISIBLE, columns.SUMMARY_ROWS / 8);
    assert.equal(columns.AREA_BYTES % 64, 0);
    assert.ok(columns.C_COUNTS + columns.SETS * 4 <= columns.C_IS_SHOWN);
  });
});
