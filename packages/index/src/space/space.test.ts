import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readerOf } from "../checked-image.test-support.js";
import { MurmurationError } from "../errors.js";
import { SpaceReader } from "../query/space-reader.js";
import { randomSparseVectors } from "../sparse/sparse.test-support.js";
import { multiVector, type Vector } from "../vector/vector.js";
import { clusteredVectors } from "../vector-index/graphs.test-support.js";
import { createSpace, loadSpace, type Space, type SpaceOptions } from "./open.js";
import type { SpacePort } from "./space.js";

// What core relies on of a space of any kind: each kind that comes is one more entry here.
const COUNT = 200;

interface Kind {
  readonly what: string;
  readonly options: SpaceOptions;
  /** Of which an image is refused. */
  readonly others: SpaceOptions;
  readonly vectors: readonly Vector[];
}

const dense = (quantization: "int8" | "none"): Kind => {
  const options = { dimensions: 10, metric: "euclid", links: 4, efConstruction: 24, quantization } as const;
  return {
    what: `dense vectors (${quantization})`,
    options: { kind: "dense", ...options },
    others: { kind: "dense", ...options, dimensions: 11 },
    vectors: clusteredVectors(COUNT + 50, 10, 5),
  };
};

const sparse: Kind = {
  what: "sparse vectors",
  options: { kind: "sparse" },
  others: dense("none").options,
  vectors: randomSparseVectors(COUNT + 50, { indices: 40, valuesMax: 9, seed: 5 }),
};

const flat = clusteredVectors(3 * (COUNT + 50), 4, 6);
const multi: Kind = {
  what: "multivectors",
  options: { kind: "multi", dimensions: 4, metric: "dot" },
  others: { kind: "multi", dimensions: 2, metric: "dot" },
  vectors: Array.from({ length: COUNT + 50 }, (_, i) => multiVector(flat.slice(3 * i, 3 * i + 1 + (i % 3)), "vector")),
};

const kinds: readonly Kind[] = [dense("int8"), dense("none"), sparse, multi];
const past = new Map([[1, COUNT]]);
const nothing = new Map<number, number>();

for (const { what, options, others, vectors } of kinds) {
  const vectorAt = (n: number) => vectors[n - 1] as Vector;

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

  describe(`a space of ${what}`, () => {
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
      const other = options.kind === "dense" ? (sparse.vectors[0] as Vector) : new Float32Array(10);
      const bad: [() => void, string][] = [
        [() => space.checkInsert(dot, vectorAt(1), Uint8Array.of(...delta, 1), past), "corrupt"],
        [() => space.checkInsert(dot, other, delta, past), "corrupt"],
        [() => space.checkInsert({ origin: 1, sequence: 1 }, vectorAt(1), delta, past), "corrupt"],
        [() => space.requireRoomFor(new Array(space.capacity + 1).fill(vectorAt(1))), "capacity"],
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
      assert.deepEqual(loaded.validate().violations, []);
      assert.throws(
        () => loadSpace(others, readerOf(space.image(""))),
        (error) => error instanceof MurmurationError && error.code === "corrupt",
      );
    });

    test("is read in another thread by its handle", () => {
      const { space } = filled();
      const reader = new SpaceReader({ name: "", graph: space.handle() }, 0, 1);
      reader.enter();
      const slot = space.slotOf({ origin: 1, sequence: 9 }) as number;
      assert.deepEqual(reader.vectorAt(slot), vectorAt(9));
      assert.equal(reader.kind, options.kind);
    });
  });
}
