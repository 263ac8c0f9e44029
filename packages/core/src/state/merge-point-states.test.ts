import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { canonicalState } from "./digest.js";
import { mergePointStates } from "./merge-point-states.js";
import type { PointState } from "./point-state.js";
import { applyWrite, concurrentWrites, interleavings, pointStates } from "./point-state.test-support.js";

/** Everything that can be seen of a state: answers show the fields of a payload in their order. */
const text = (state: PointState) =>
  `${Buffer.from(canonicalState(state)).toString("hex")} ${inspect(state.payload, { depth: null })}`;
const same = (a: PointState, b: PointState) => assert.equal(text(a), text(b));

/** A state as it may be after something was lost or changed in it: stamps that others have too, other contents. */
const damaged = fc
  .tuple(pointStates, fc.constantFrom("exists", "payload", "vectors", "fields", "nothing"))
  .map(([state, what]): PointState => {
    if (what === "exists") return { ...state, exists: !state.exists };
    if (what === "payload") return { ...state, payload: { a: 9 } };
    if (what === "vectors") return { ...state, vectors: {} };
    return what === "fields" ? { ...state, fieldStamps: {} } : state;
  });

test("the join of states is commutative, associative and idempotent, of damaged ones too", () => {
  fc.assert(
    fc.property(damaged, damaged, damaged, (a, b, c) => {
      same(mergePointStates(a, b), mergePointStates(b, a));
      same(mergePointStates(mergePointStates(a, b), c), mergePointStates(a, mergePointStates(b, c)));
      const ab = mergePointStates(a, b);
      same(mergePointStates(ab, a), ab);
      same(mergePointStates(ab, ab), ab);
    }),
    { numRuns: 120 },
  );
});

test("a state joined with itself is itself", () => {
  fc.assert(
    fc.property(pointStates, (state) => same(mergePointStates(state, state), state)),
    { numRuns: 50 },
  );
});

test("the join of what two replicas hold is what one holds that has applied everything", () => {
  fc.assert(
    fc.property(concurrentWrites, fc.nat(), fc.nat(), (lists, i, j) => {
      const orders = interleavings(lists);
      const whole = orders[0]?.reduce<PointState | undefined>((state, write) => applyWrite(state, write), undefined);
      // any two causally closed parts that together hold everything
      const firsts = lists.map((list, at) => (((i >> at) & 1) === 1 ? list : list.slice(0, j % (list.length + 1))));
      const seconds = lists.map((list, at) => (((i >> at) & 1) === 1 ? list.slice(0, j % (list.length + 1)) : list));
      const [a, b] = [firsts, seconds].map((part) =>
        part.flat().reduce<PointState | undefined>((state, write) => applyWrite(state, write), undefined),
      );
      if (a === undefined || b === undefined || whole === undefined) return;
      same(mergePointStates(a, b), whole);
    }),
    { numRuns: 120 },
  );
});
