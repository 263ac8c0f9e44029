import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { NodeDot } from "./graph-reader.js";
import { optionsFor } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

const NO_LINKS = Uint8Array.of(1, 0, 0);

/** Dots that are dense, sparse, and at the edges of their ranges. */
const dots: fc.Arbitrary<NodeDot> = fc.record(
  {
    origin: fc.oneof(fc.constant(1), fc.nat(2), fc.constantFrom(70_000, 2 ** 24 - 1)),
    sequence: fc.oneof(fc.nat(40), fc.integer({ min: 2 ** 32 - 9, max: 2 ** 32 + 9 }), fc.nat(2 ** 40 - 1)),
  },
  { noNullPrototype: true },
);
const nameOf = ({ origin, sequence }: NodeDot) => `${origin}:${sequence}`;

test("every dot in the graph leads to its slot, and no other dot does, whatever comes and goes", () => {
  let present = 0;
  let gone = 0;
  assertUntil(
    () => ({ present: [present, 500], gone: [gone, 100] }),
    fc.property(fc.array(fc.tuple(dots, fc.nat(3)), { minLength: 200, maxLength: 400 }), (steps) => {
      const index = new VectorIndex(optionsFor(1, { metric: "euclid", links: 2, efConstruction: 4 }));
      const slots = new Map<string, number>();
      const seen = new Map<string, NodeDot>();
      for (const [dot, kind] of steps) {
        const slot = slots.get(nameOf(dot));
        seen.set(nameOf(dot), dot);
        if (slot === undefined) {
          slots.set(nameOf(dot), index.apply(dot, Float32Array.of(1), NO_LINKS));
        } else if (kind > 0) {
          index.revert(slot, NO_LINKS);
          slots.delete(nameOf(dot));
        } else {
          assert.throws(() => index.apply(dot, Float32Array.of(1), NO_LINKS), { code: "corrupt" });
        }
      }
      for (const [name, dot] of seen) {
        const slot = slots.get(name);
        assert.equal(index.slotOf(dot), slot);
        if (slot === undefined) gone++;
        else {
          assert.deepEqual(index.reader.dotAt(slot), dot);
          present++;
        }
      }
      assert.equal(new Set(slots.values()).size, slots.size);
      assert.equal(index.reader.linkedCount, slots.size);
    }),
  );
});

test("thousands of dots of many origins are kept apart", () => {
  const index = new VectorIndex(optionsFor(1, { metric: "euclid", links: 2, efConstruction: 4 }));
  const all = Array.from({ length: 20_000 }, (_, i) => ({ origin: (i * i) % 97, sequence: i * ((i % 3) + 1) }));
  const unique = [...new Map(all.map((dot) => [nameOf(dot), dot])).values()];
  const slots = unique.map((dot) => index.apply(dot, Float32Array.of(1), NO_LINKS));
  for (const [i, dot] of unique.entries()) assert.equal(index.slotOf(dot), slots[i]);
  assert.equal(index.slotOf({ origin: 98, sequence: 5 }), undefined);
  assert.equal(index.slotOf({ origin: 1, sequence: 2 ** 39 }), undefined);
});
