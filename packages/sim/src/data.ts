import type { Profile } from "./profiles.js";
import { Random } from "./random.js";

export const DIMENSIONS = 8;

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
