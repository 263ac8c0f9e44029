import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowSet } from "../../row-set.js";
import { createSegment } from "../../segment/segment.js";
import { slotsOfRows } from "./slot-filter.js";

const SLOTS = 300;

test("the slots of rows are those that the rows have in the space, and only those", () => {
  const slot = fc.option(fc.nat(SLOTS - 1), { nil: undefined });
  const points = fc.array(fc.record({ slots: fc.tuple(slot, slot), isWanted: fc.boolean() }), { maxLength: 80 });
  fc.assert(
    fc.property(points, (drawn) => {
      const segment = createSegment({ capacity: 1_000, slots: [SLOTS, SLOTS * 2] });
      const changes = drawn.map(({ slots }, id) => ({
        ...{ kind: "put" as const, id, payloadKey: id, stamp: { wallMs: 1, counter: 0, origin: 1 } },
        ...{ version: 1, slots },
      }));
      const rows = segment.prepare(changes);
      segment.publish();
      const wanted = new RowSet(rows.filter((_, i) => drawn[i]?.isWanted));
      for (const space of [0, 1]) {
        const expected = new Set<number | undefined>(
          drawn.filter(({ isWanted }) => isWanted).map(({ slots }) => slots[space]),
        );
        const words = slotsOfRows(segment.engine, space, wanted);
        for (let slot = 0; slot < words.length * 32; slot++) {
          const isMarked = (((words[slot >>> 5] as number) >>> (slot & 31)) & 1) === 1;
          assert.equal(isMarked, expected.has(slot), `slot ${slot} of space ${space}`);
        }
      }
    }),
    { numRuns: 30 },
  );
});
