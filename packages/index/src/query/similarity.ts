import { maxSim } from "../multi/max-sim.js";
import type { Meter, Sliced } from "../sliced.js";
import { sparseDot } from "../sparse/sparse-dot.js";
import { denseOf, type MultiVector, type SparseVector, type Vector } from "../vector/vector.js";
import type { SpaceReader } from "./space-reader.js";

/** Bytes of dense vectors that are compared in one step, about; each costs as much as a few more. */
const BYTES_PER_STEP = 256;
const BYTES_PER_VECTOR = 64;
/** Bytes of dense vectors that are compared without a pause. */
const BYTES_AT_ONCE = 1 << 20;
/** Indices of sparse vectors that are compared in one step. */
const INDICES_PER_STEP = 8;

/** Steps that comparing a dense vector with one of a space takes. */
export function stepsPerDense(space: SpaceReader): number {
  return (BYTES_PER_VECTOR + space.graph.options.dimensions * Float32Array.BYTES_PER_ELEMENT) / BYTES_PER_STEP;
}

/** Similarities of a dense vector to those at slots, larger for nearer ones: products, or distances negated, those by Euclid squared. f32, by slot. */
export function denseSimilarities({ graph }: SpaceReader, vector: Vector, slots: Uint32Array): Float32Array {
  const found = graph.distancesTo(denseOf(vector), slots);
  for (let i = 0; i < found.length; i++) found[i] = 0 - (found[i] as number);
  return found;
}

/** The same in any space, in slices; of sparse vectors that share no index what `apart` says. The vector is one of the space, the slots are held. */
export function* similarities(
  space: SpaceReader,
  vector: Vector,
  slots: Uint32Array,
  meter: Meter,
  apart = 0,
): Sliced<Float32Array> {
  const found = new Float32Array(slots.length);
  if (space.kind === "dense") {
    const bytes = space.graph.options.dimensions * Float32Array.BYTES_PER_ELEMENT;
    const stride = Math.max(1, Math.floor(BYTES_AT_ONCE / bytes));
    for (let from = 0; from < slots.length; from += stride) {
      const some = slots.subarray(from, from + stride);
      found.set(denseSimilarities(space, vector, some), from);
      meter.steps += some.length * stepsPerDense(space);
      if (meter.isDue()) yield "pause";
    }
    return found;
  }
  for (const [i, slot] of slots.entries()) found[i] = (yield* similarity(space, vector, slot, meter)) ?? apart;
  return found;
}

/** Similarities of the vectors at slots to the one at another: of multivectors not the same as those of that one to them. */
export function* similaritiesOf(
  space: SpaceReader,
  slots: Uint32Array,
  to: number,
  meter: Meter,
): Sliced<Float32Array> {
  if (space.kind !== "multi") return yield* similarities(space, space.vectorAt(to), slots, meter);
  const found = new Float32Array(slots.length);
  for (const [i, slot] of slots.entries()) found[i] = yield* maxSim(space.multi, to, space.multi.vectorAt(slot), meter);
  return found;
}

/** Of a vector that is not dense to one of its space; `undefined`: they share no index. */
function* similarity(space: SpaceReader, vector: Vector, slot: number, meter: Meter): Sliced<number | undefined> {
  if (space.kind === "multi") return yield* maxSim(space.multi, slot, vector as MultiVector, meter);
  const { memory } = space.sparse;
  const sparse = vector as SparseVector;
  meter.steps += 1 + (memory.countAt(slot) + sparse.indices.length) / INDICES_PER_STEP;
  if (meter.isDue()) yield "pause";
  return sparseDot(memory, slot, sparse);
}
