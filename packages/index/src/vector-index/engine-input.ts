import { assert, MurmurationError } from "../errors.js";
import type { Engine } from "./engine.js";
import { ORIGINS_MAX } from "./graph-limits.js";
import type { NodeDot } from "./graph-reader.js";
import type { CausalPast, EdgeDelta, GraphDelta } from "./graph-types.js";
import type { VectorIndexOptions } from "./options.js";

// What a call of the engine is given, and the dots that it leaves.

/** Throws `corrupt` for a past that names more origins than one can. */
export function checkPast(past: CausalPast): void {
  if (past.size > ORIGINS_MAX) throw new MurmurationError("corrupt", "a causal past names at most 1,024 origins");
}

export function putPast({ u32, at }: Engine, past: CausalPast): void {
  const start = at.past >> 2;
  assert(past.size <= ORIGINS_MAX, "a causal past names at most 1,024 origins");
  u32[start] = past.size;
  let word = start + 4;
  for (const [origin, sequence] of past) {
    u32[word] = origin;
    u32[word + 2] = sequence % 2 ** 32;
    u32[word + 3] = Math.floor(sequence / 2 ** 32);
    word += 4;
  }
}

/** Returns how many they are. */
export function putOrigins({ u32, at }: Engine, origins: ReadonlySet<number>): number {
  assert(origins.size <= ORIGINS_MAX, "at most 1,024 origins are owned");
  u32.set([...origins], at.origins >> 2);
  return origins.size;
}

/** Throws `wrong-input` for a vector of other dimensions than a graph's. */
export function checkDimensions({ dimensions }: VectorIndexOptions, vector: Float32Array): void {
  if (vector.length === dimensions) return;
  throw new MurmurationError(
    "wrong-input",
    `Vector dimension error: expected dim: ${dimensions}, got ${vector.length}`,
    "vector",
  );
}

/** Throws `corrupt` for one that is longer than any delta of these options can be: nothing to decode, and no room to put it. */
export function putDelta({ u8, at }: Engine, { links }: VectorIndexOptions, delta: GraphDelta | EdgeDelta): void {
  const most = 16_384 + 8 * (links + 1) * (48 + (6 * links + 1) * 16);
  if (delta.length > most) throw new MurmurationError("corrupt", "the graph delta is longer than any delta can be");
  u8.set(delta, at.delta);
}

/** Dots that the engine left at the results. */
export function readDots({ u32, at }: Engine, count: number): NodeDot[] {
  return Array.from({ length: count }, (_, i) => {
    const [low, high] = [u32[(at.results >> 2) + 2 * i] as number, u32[(at.results >> 2) + 2 * i + 1] as number];
    return { origin: high >>> 8, sequence: (high & 0xff) * 2 ** 32 + low };
  });
}

/** Put dots where `readDots` finds them. */
export function putDots({ u32, at }: Engine, dots: readonly NodeDot[]): void {
  for (const [i, { origin, sequence }] of dots.entries()) {
    u32[(at.results >> 2) + 2 * i] = sequence % 2 ** 32;
    u32[(at.results >> 2) + 2 * i + 1] = origin * 2 ** 8 + Math.floor(sequence / 2 ** 32);
  }
}
