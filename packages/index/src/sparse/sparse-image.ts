import {
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import type { MultiVector, SparseVector } from "../vector/vector.js";
import { ARENA_END, CONDEMNED, DEAD, LINKED, SLOTS_MAX } from "./sparse-layout.js";
import type { VectorSlots } from "./vector-slots.js";

const KIND: ImageKind = { magic: "MURMSPA1", name: "image of vectors" };
/** Changes with every change of what stands in it. */
const VERSION = 1;

/** Words of a slot in an image: origin, sequence (low, high), flags, number of values. 0 where no vector stands. */
const SLOT_WORDS = 5;

/** Of which vectors an image is. */
interface Contents {
  readonly kind: "sparse" | "multi";
  /** Of each part of a multivector; else 0. */
  readonly dimensions: number;
}

interface Manifest {
  readonly version: number;
  readonly kind: Contents["kind"];
  readonly dimensions: number;
  readonly slotCount: number;
  /** Values of all vectors. */
  readonly values: number;
  readonly note: string;
}

/**
 * The image as pieces to be written one after the other: the vectors by slot, their indices and values. Postings are made again from them, so that it
 * does not depend on how these are laid out, and whatever stands in it leads to nothing outside of it.
 */
export function encodeSlotsImage(
  { memory }: VectorSlots<SparseVector> | VectorSlots<MultiVector>,
  vectorAt: (of: number) => SparseVector | MultiVector,
  { kind, dimensions }: Contents,
  note: string,
): Uint8Array[] {
  const { slotCount } = memory;
  const slots = new Uint32Array(SLOT_WORDS * slotCount);
  let total = 0;
  for (let of = 1; of < slotCount; of++) if (memory.nodeAt(of).linked) total += memory.countAt(of);
  const indices = new Uint32Array(kind === "sparse" ? total : 0);
  const values = new Float32Array(total);
  let from = 0;
  for (let of = 1; of < slotCount; of++) {
    const { linked, dead } = memory.nodeAt(of);
    if (!linked) continue;
    const { origin, sequence } = memory.dotAt(of);
    const vector = vectorAt(of);
    const flags = LINKED | (dead ? DEAD : 0) | (memory.isCondemned(of) ? CONDEMNED : 0);
    slots.set([origin, sequence >>> 0, Math.floor(sequence / 2 ** 32), flags, vector.values.length], SLOT_WORDS * of);
    if (vector.kind === "sparse") indices.set(vector.indices, from);
    values.set(vector.values, from);
    from += vector.values.length;
  }
  const manifest: Manifest = { version: VERSION, kind, dimensions, slotCount, values: total, note };
  return encodeCheckedImage(KIND, manifest, [slots, indices, values].map(bytesOf));
}

/** Read an image into empty slots. Throws `corrupt` for one that is damaged, cut short, of other contents or against the rules; `capacity`. */
export function decodeSlotsImage<Kept extends SparseVector | MultiVector>(
  read: ReadExactly,
  slots: VectorSlots<Kept>,
  { kind, dimensions }: Contents,
): { readonly note: string } {
  const manifest = readCheckedManifest<Manifest>(KIND, read);
  const { version, slotCount, values: total, note, checksums } = manifest;
  const isWithin = (value: number, most: number) => Number.isSafeInteger(value) && value >= 0 && value <= most;
  const isKnown = version === VERSION && manifest.kind === kind && manifest.dimensions === dimensions;
  if (!isKnown || !isWithin(slotCount, SLOTS_MAX) || slotCount < 1 || !isWithin(total, ARENA_END))
    throw new MurmurationError("corrupt", `the ${KIND.name} is of another version`);
  const words = new Uint32Array(SLOT_WORDS * slotCount);
  const indices = new Uint32Array(kind === "sparse" ? total : 0);
  const values = new Float32Array(total);
  for (const [i, region] of [words, indices, values].entries()) {
    readCheckedRegion(KIND, read, bytesOf(region), checksums[i]);
  }
  let from = 0;
  for (let of = 1; of < slotCount; of++) {
    const wordAt = (i: number) => words[SLOT_WORDS * of + i] as number;
    const flags = wordAt(3);
    if ((flags & LINKED) === 0) {
      slots.skipSlot();
      continue;
    }
    const dot = { origin: wordAt(0), sequence: wordAt(2) * 2 ** 32 + wordAt(1) };
    const to = from + wordAt(4);
    const numbers = values.subarray(from, to);
    if (to > total || !numbers.every(Number.isFinite))
      throw new MurmurationError("corrupt", `the ${KIND.name} ends early`);
    const vector = (
      kind === "sparse"
        ? { kind, indices: indices.subarray(from, to), values: numbers }
        : { kind, dimensions, values: numbers }
    ) as Kept;
    slots.checkInsert(dot, vector);
    const at = slots.insert(dot, vector);
    if (at !== of) throw new MurmurationError("corrupt", `the ${KIND.name} has other slots`);
    if ((flags & DEAD) !== 0) slots.markDead(at, true);
    if ((flags & CONDEMNED) !== 0) slots.condemn(at);
    from = to;
  }
  slots.freeSkipped();
  return { note };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
