import { type MultiVector, multiVector, type SparseVector, sparseVector } from "@murmuration/index";
import type { Profile } from "./profiles.js";
import { Random } from "./random.js";

export const DIMENSIONS = 8;
/** Indices that sparse vectors have: few, so that they meet. */
export const SPARSE_INDICES = 24;

/** A sparse vector that follows from a dense one: nothing is drawn for it. Some have no values at all. */
export function sparseOf(values: Float32Array): SparseVector {
  const weights = new Map<number, number>();
  for (const [i, value] of values.entries()) {
    const step = Math.round(Math.abs(value) * 40) % 9;
    if (step < 5) weights.set((3 * i + step * step) % SPARSE_INDICES, Math.fround(1 + step / 8 - i));
  }
  return sparseVector([...weights.keys()], [...weights.values()], "vector");
}

/** Dimensions of a part of a multivector: enough for codes. */
export const PART_DIMENSIONS = 16;

/** A multivector of one to three parts that follows from a dense one: nothing is drawn for it. */
export function multiOf(values: Float32Array): MultiVector {
  const count = 1 + (Math.round(Math.abs(values[0] ?? 0) * 40) % 3);
  const parts = Array.from({ length: count }, (_, part) =>
    Float32Array.from({ length: PART_DIMENSIONS }, (_, i) => {
      const value = values[(i * (part + 1) + part) % values.length] ?? 0;
      return i < values.length ? value : value / (2 + part);
    }),
  );
  return multiVector(parts, "vector");
}

/** Vectors as different data is made of. */
export class VectorSource {
  readonly #random: Random;
  readonly #kind: Profile["data"];
  readonly #centres: Float32Array[];

  constructor(seed: number, profile: Profile) {
    this.#random = new Random(seed).fork("vectors");
    this.#kind =
      profile.data === "any" ? this.#random.pick(["mixed", "clustered", "islands", "adversarial"]) : profile.data;
    this.#centres = Array.from({ length: 6 }, () => this.#around(new Float32Array(DIMENSIONS), 4));
  }

  get isOrdinary(): boolean {
    return this.#kind !== "adversarial";
  }

  #around(centre: Float32Array, width: number): Float32Array {
    return centre.map((x) => x + (this.#random.fraction() - 0.5) * width);
  }

  /** A vector that `node` writes. */
  next(node: number): Float32Array {
    const random = this.#random;
    switch (this.#kind) {
      case "clustered":
        return this.#around(random.pick(this.#centres), 0.6);
      case "islands":
        // each node writes into a region of its own, and all into a common one
        return this.#around(this.#centres[random.chance(0.5) ? 5 : node % 5] as Float32Array, 0.4);
      case "adversarial":
        return random.pick([
          () => new Float32Array(DIMENSIONS),
          () => new Float32Array(DIMENSIONS).fill(1),
          () => new Float32Array(DIMENSIONS).map(() => random.between(-1, 1)),
          () => new Float32Array(DIMENSIONS).map(() => (random.fraction() - 0.5) * 1e30),
          () => this.#around(random.pick(this.#centres), 1e-6),
        ])();
      default:
        return this.#around(new Float32Array(DIMENSIONS), 2);
    }
  }
}
