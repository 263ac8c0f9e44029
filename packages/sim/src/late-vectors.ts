import type { Command, VectorSpace } from "@murmuration/core";
import { sparseOf } from "./data.js";
import type { Draw } from "./draw.js";
import type { Random } from "./random.js";

/** Names of vectors that are added while a run goes on: few, so that clients meet. */
const names = ["late", "later"];
/** Sizes that they are added with: what was written for one does not fit the other. */
const sizes = [4, 5];

function spaceOf(random: Random): VectorSpace {
  if (random.chance(0.25)) return { kind: "sparse", modifier: "idf" };
  const graph = { links: 4, efConstruction: 16, quantization: "int8" } as const;
  return { size: random.pick(sizes), distance: random.pick(["Euclid", "Dot"] as const), ...graph };
}

/** What clients do with vectors that come and go, in a collection of this name. Many of these are refused, as no such vector is there. */
export function lateVectorCommands(
  collection: string,
  ids: number,
): { readonly [kind: string]: (draw: Draw) => Command } {
  return {
    "add-vector": ({ random }) => {
      const given = { note: random.below(3) };
      return { kind: "add-vector", collection, name: random.pick(names), space: spaceOf(random), given };
    },
    "begin-graph": ({ random }) => ({
      kind: "begin-graph",
      collection,
      vector: random.pick(["", ...names]),
      links: random.pick([4, 6, 8]),
      efConstruction: random.pick([16, 32]),
      by: 0,
    }),
    "give-up-graph": ({ random }) => ({
      kind: "give-up-graph",
      collection,
      vector: random.pick(["", ...names]),
      by: 0,
    }),
    "drop-vector": ({ random }) => ({ kind: "drop-vector", collection, name: random.pick([...names, "terms"]) }),
    "late-vectors": ({ random, vector }) => {
      const size = random.pick(sizes);
      const points = Array.from({ length: 3 }, () => {
        const values = Float32Array.from({ length: size }, () => random.between(-3, 3));
        return { id: random.below(ids), vectors: { [random.pick(names)]: values } };
      });
      if (random.chance(0.2)) {
        const vectors = { [random.pick(names)]: sparseOf(vector()) };
        return { kind: "update-vectors", collection, points: [{ id: random.below(ids), vectors }] };
      }
      return { kind: "update-vectors", collection, points: points.slice(0, random.between(1, 3)) };
    },
    "late-upsert": ({ random, vector }) => {
      const late = Float32Array.from({ length: random.pick(sizes) }, () => random.between(-3, 3));
      const vectors = { "": vector(), [random.pick(names)]: late };
      const points = [{ id: random.below(ids), vectors, payload: { n: random.below(10) } }];
      return { kind: "upsert-points", collection, points, mode: "upsert" };
    },
    "late-vectors-gone": ({ random }) => ({
      kind: "delete-vectors",
      collection,
      target: { ids: [random.below(ids), random.below(ids)] },
      vectors: [random.pick(names)],
    }),
  };
}
