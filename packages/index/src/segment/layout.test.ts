import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantiate, reserveMemory } from "../shared-memory.js";
import * as layout from "./layout.js";
import { createTable, tableOptions } from "./table-engine.js";

/** Words of the header with what they hold the address of, in the order of the regions. */
const regions = Object.entries(layout)
  .filter(([name]) => name.startsWith("H_AT_"))
  .sort(([, a], [, b]) => a - b);

describe("the layout of a table", () => {
  test("is the same on both sides", () => {
    const exports = instantiate("table", reserveMemory("table")) as Record<string, { value: number } | undefined>;
    const names = Object.keys(layout);
    assert.ok(names.length > 50);
    for (const [name, value] of Object.entries(layout)) {
      assert.equal((exports[name]?.value ?? Number.NaN) >>> 0, value, name);
    }
  });

  test("gives every word of the header a place of its own, within the header", () => {
    const places = Object.entries(layout).filter(([name]) => name.startsWith("H_"));
    assert.equal(new Set(places.map(([, place]) => place)).size, places.length);
    for (const [name, place] of places) {
      assert.ok(place % 4 === 0 && place >= layout.HEADER_START && place < layout.COLUMNS_HEADER, name);
    }
    assert.ok(layout.H_SLOT_CAPACITIES + layout.SPACES_MAX * 4 <= layout.COLUMNS_HEADER);
    assert.ok(layout.COLUMNS_HEADER + layout.COLUMNS_HEADER_BYTES <= layout.HEADER_END);
    assert.ok(layout.READER_LINES + layout.THREADS_MAX * layout.READER_LINE_BYTES <= layout.SCRATCH);
    assert.ok(layout.SCRATCH + layout.THREADS_MAX * layout.SCRATCH_BYTES <= layout.REGIONS);
    assert.ok(layout.S_SLOTS + layout.SPACES_MAX * 4 <= layout.S_NEWEST);
    assert.ok(layout.S_ROWS + layout.PAGE_ROWS_MAX * 4 <= layout.SCRATCH_BYTES);
    assert.ok(layout.ROW_BYTES <= 64);
  });

  for (const options of [
    { capacity: 2, slots: [] },
    { capacity: 1_000, slots: [500, 2_000] },
    { capacity: layout.ROWS_MAX, slots: [6_000_000] },
  ]) {
    test(`lays regions of ${options.capacity} rows out one after the other`, () => {
      const engine = createTable(options);
      assert.deepEqual(tableOptions(engine), options);
      const starts = regions.map(([, place]) => engine.u32[place >>> 2] as number);
      const rows = [16, 8, 8, 4, 8, 8, 4, 4 * options.slots.length].map((bytes) => bytes * options.capacity);
      const sizes = [...rows, 4 * options.slots.reduce((sum, count) => sum + count, 0), 4 * options.capacity];
      let end: number = layout.REGIONS;
      for (const [i, start] of starts.entries()) {
        assert.ok(start >= end && start % 64 === 0, regions[i]?.[0]);
        end = start + (sizes[i] ?? 64);
      }
      assert.ok(end + layout.ARENA_BYTES_MIN <= layout.MEMORY_END);
    });
  }

  test("refuses what is out of its bounds, and what does not fit", () => {
    const refused = (options: Parameters<typeof createTable>[0], code: string, field: string) =>
      assert.throws(() => createTable(options), { code, field });
    refused({ capacity: 1, slots: [] }, "validation", "capacity");
    refused({ capacity: layout.ROWS_MAX + 1, slots: [] }, "validation", "capacity");
    refused({ capacity: 10, slots: [1, -1] }, "validation", "slots[1]");
    refused({ capacity: 10, slots: Array(257).fill(1) }, "validation", "slots.length");
    refused({ capacity: layout.ROWS_MAX, slots: Array(40).fill(1_000_000) }, "capacity", "capacity");
  });
});
