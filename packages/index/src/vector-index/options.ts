import { MurmurationError } from "../errors.js";
import { EF_MAX, LINKS_MAX, THREADS_MAX } from "./graph-limits.js";

/** Distance metrics of the engine. `cosine` is `dot` over vectors that the caller has normalised. */
export const metrics = ["cosine", "dot", "euclid", "manhattan"] as const;
export type Metric = (typeof metrics)[number];

/** What a vector index is made of; the same on every replica, since the graph follows from it. */
export interface VectorIndexOptions {
  /** 1 to 65,536. */
  readonly dimensions: number;
  readonly metric: Metric;
  /** M: links per node and layer; layer 0 has twice as many. 2 to 128. */
  readonly links: number;
  /** Candidates kept while a new node looks for its neighbours. 4 to 4,096. */
  readonly efConstruction: number;
  /**
   * What the graph is walked on. `int8`: codes with one scale per vector, answers ranked again by f32. `none`: the f32 vectors.
   * Manhattan distance has no int8 form (differences of codes with different scales mean nothing) and always walks on f32.
   */
  readonly quantization: "int8" | "none";
}

/** Bounds of the options, and of the engine behind them. */
export const vectorIndexLimits = {
  dimensions: { min: 1, max: 65_536 },
  links: { min: 2, max: LINKS_MAX },
  efConstruction: { min: 4, max: 4096 },
  /** Largest candidate pool of the engine; searches that need more are answered exactly. */
  efSearchMax: EF_MAX,
  /** Threads on one memory: the writer and its readers. */
  threadsMax: THREADS_MAX,
} as const;

/** Throws `validation` naming the first option that is out of its range. */
export function checkVectorIndexOptions(options: VectorIndexOptions): void {
  for (const name of ["dimensions", "links", "efConstruction"] as const) {
    const { min, max } = vectorIndexLimits[name];
    const value = options[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new MurmurationError("validation", `value ${value} invalid, must be from ${min} to ${max}`, name);
    }
  }
}

/** Does the graph of this index walk on int8 codes? */
export function walksOnCodes(options: VectorIndexOptions): boolean {
  return options.quantization === "int8" && options.metric !== "manhattan";
}
