import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "../errors.js";
import { attachReader } from "../vector-index/graph-handle.js";
import { clusteredVectors } from "../vector-index/graphs.test-support.js";
import type { ReadExactly } from "../vector-index/image.js";
import { createSpace, loadSpace, type Space, type SpaceOptions } from "./open.js";
import type { SpacePort } from "./space.js";

// What core relies on of a space of any kind: each kind that comes is one more entry here.
const kinds: readonly SpaceOptions[] = (["int8", "none"] as const).map((quantization) => ({
  kind: "dense",
  dimensions: 10,
  metric: "euclid",
  links: 4,
  efConstruction: 24,
  quantization,
}));

const COUNT = 200;
const past = new Map([[1, COUNT]]);
const nothing = new Map<number, number>();

function readerOf(pieces: readonly Uint8Array[]): ReadExactly {
  const bytes = Buffer.concat(pieces);
  let at = 0;
  return (target) => {
    const part = bytes.subarray(at, at + target.length);
    at += part.length;
    target.set(part);
    return part.length === target.length;
  };
}

for (const options of kinds) {
  const vectors = clusteredVectors(COUNT + 50, options.dimensions, 5);
  const vectorAt = (n: number) => vectors[n - 1] as Float32Array;

  /** Vectors 1 to COUNT of origin 1, and what another replica needs to have the same. */
  function filled(): { readonly space: Space; readonly deltas: readonly Uint8Array[] } {
    const space = createSpace(options);
    const deltas: Uint8Array[] = [];
    for (let sequence = 1; sequence <= COUNT; sequence++) {
      const dot = { origin: 1, sequence };
      const delta = space.plan(dot, vectorAt(sequence));
      space.checkInsert(dot, vectorAt(sequence), delta, nothing);
      space.reader.show(space.insert(dot, vectorAt(sequence), delta, nothing));
      deltas.push(delta);
    }
    return { space, deltas };
  }

  describe(`a space of ${options.kind} vectors (${options.quantization})`, () => {
    test("is the same wherever the same was inserted, and says so", () => {
      const { space, deltas } = filled();
      const other = createSpace(options);
      assert.notEqual(other.digest(), space.digest());
      for (const [i, delta] of deltas.entries())
        other.insert({ origin: 1, sequence: i + 1 }, vectorAt(i + 1), delta, nothing);
      assert.equal(other.digest(), space.digest());
      assert.equal(other.effectiveDigest(), space.effectiveDigest());
      const digests = (one: SpacePort) =>
        Array.from(one.nodeDigests(), ({ dot, digest }) => `${dot.origin}:${dot.sequence} ${digest}`).sort();
      assert.deepEqual(digests(other), digests(space));
      assert.equal(digests(space).length, COUNT);
      assert.deepEqual(space.validate().violations, []);
    });

    test("takes an insert back, last first, as if it had never been", () => {
      const { space } = filled();
      const before = space.digest();
      const undo: (() => void)[] = [];
      for (let sequence = COUNT + 1; sequence <= COUNT + 20; sequence++) {
        const dot = { origin: 1, sequence };
        space.insert(dot, vectorAt(sequence), space.plan(dot, vectorAt(sequence)), past, undo);
      }
      assert.notEqual(space.digest(), before);
      for (const step of undo.reverse()) step();
      assert.equal(space.digest(), before);
      assert.equal(space.slotOf({ origin: 1, sequence: COUNT + 1 }), undefined);
    });

    test("refuses what does not fit before anything has changed", () => {
      const { space } = filled();
      const before = space.digest();
      const dot = { origin: 1, sequence: COUNT + 1 };
      const delta = space.plan(dot, vectorAt(1));
      const bad: [() => void, string][] = [
        [() => space.checkInsert(dot, vectorAt(1), delta.slice(0, -1), past), "corrupt"],
        [() => space.checkInsert({ origin: 1, sequence: 1 }, vectorAt(1), delta, past), "corrupt"],
        [() => space.requireRoomFor(space.capacity), "capacity"],
      ];
      for (const [attempt, code] of bad)
        assert.throws(attempt, (error) => error instanceof MurmurationError && error.code === code);
      assert.equal(space.digest(), before);
    });

    test("forgets vectors for good: dead, condemned, nothing leads to them, purged", () => {
      const { space } = filled();
      space.takeDeaths();
      const dead = [3, 50, 120].map((sequence) => ({ origin: 1, sequence }));
      for (const dot of dead) space.markDead(space.slotOf(dot) as number, true);
      assert.deepEqual(space.takeDeaths(), dead);
      assert.deepEqual(space.takeDeaths(), []);
      for (const dot of dead) space.condemn(space.slotOf(dot) as number);
      const port: SpacePort = space;
      const owned = new Set([1]);
      for (let round = 0; port.links !== undefined && round < 20; round++) {
        const { nodes } = port.links.nodesToRepair(owned, 0, 1_000);
        const deltas = nodes.flatMap((node) => port.links?.planRepair(node) ?? []);
        if (deltas.length === 0) break;
        port.checkEdges(deltas, past);
        for (const [i, delta] of deltas.entries())
          port.applyEdges({ origin: 1, sequence: 1_000 + round * 200 + i }, delta, past);
      }
      assert.deepEqual(
        space
          .purgeable(owned, 10)
          .map(({ sequence }) => sequence)
          .sort((a, b) => a - b),
        [3, 50, 120],
      );
      space.checkPurge();
      assert.equal(space.purge(dead), 0);
      for (const dot of dead) assert.equal(space.slotOf(dot), undefined);
      assert.deepEqual(space.validate().violations, []);
    });

    test("is saved and loaded with its note, and goes on as it would have", () => {
      const { space } = filled();
      const { space: loaded, note } = loadSpace(options, readerOf(space.image("at 7")));
      assert.equal(note, "at 7");
      assert.equal(loaded.digest(), space.digest());
      const dot = { origin: 2, sequence: 1 };
      assert.deepEqual(loaded.plan(dot, vectorAt(COUNT + 1)), space.plan(dot, vectorAt(COUNT + 1)));
      assert.throws(
        () => loadSpace({ ...options, dimensions: options.dimensions + 1 }, readerOf(space.image(""))),
        (error) => error instanceof MurmurationError && error.code === "corrupt",
      );
    });

    test("is read in another thread by its handle", () => {
      const { space } = filled();
      const reader = attachReader(space.handle(), 1);
      for (let slot = 0; slot < COUNT; slot++) reader.show(slot);
      const [nearest] = reader.search(vectorAt(9), { limit: 1 }).slots;
      assert.deepEqual(reader.dotAt(nearest as number), { origin: 1, sequence: 9 });
      assert.deepEqual(reader.vectorAt(nearest as number), vectorAt(9));
    });
  });
}
