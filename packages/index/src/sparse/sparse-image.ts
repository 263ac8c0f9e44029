import {
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import { SparseIndex } from "./sparse-index.js";
import { ARENA_END, CONDEMNED, DEAD, LINKED, SLOTS_MAX } from "./sparse-layout.js";

const KIND: ImageKind = { magic: "MURMSPA1", name: "image of sparse vectors" };
/** Changes with every change of what stands in it. */
const VERSION = 1;

/** Words of a slot in an image: origin, sequence (low, high), flags, number of values. 0 where no vector stands. */
const SLOT_WORDS = 5;

interface Manifest {
  readonly version: number;
  readonly slotCount: number;
  /** Values of all vectors. */
  readonly values: number;
  readonly note: string;
}

/**
 * The image as pieces to be written one after the other: the vectors by slot, their indices and values. Postings are made again from them, so that it
 * does not depend on how these are laid out, and whatever stands in it leads to nothing outside of it.
 */
export function encodeSparseImage({ memory }: SparseIndex, note: string): Uint8Array[] {
  const { slotCount } = memory;
  const slots = new Uint32Array(SLOT_WORDS * slotCount);
  let total = 0;
  for (let of = 1; of < slotCount; of++) if (memory.nodeAt(of).linked) total += memory.countAt(of);
  const indices = new Uint32Array(total);
  const values = new Float32Array(total);
  let from = 0;
  for (let of = 1; of < slotCount; of++) {
    const { linked, dead } = memory.nodeAt(of);
    if (!linked) continue;
    const { origin, sequence } = memory.dotAt(of);
    const vector = memory.vectorAt(of);
    const flags = LINKED | (dead ? DEAD : 0) | (memory.isCondemned(of) ? CONDEMNED : 0);
    slots.set([origin, sequence >>> 0, Math.floor(sequence / 2 ** 32), flags, vector.indices.length], SLOT_WORDS * of);
    indices.set(vector.indices, from);
    values.set(vector.values, from);
    from += vector.indices.length;
  }
  const manifest: Manifest = { version: VERSION, slotCount, values: total, note };
  return encodeCheckedImage(KIND, manifest, [slots, indices, values].map(bytesOf));
}

/** Read an image into a new index. Throws `corrupt` for one that is damaged, cut short or against the rules; `capacity`. */
export function decodeSparseImage(read: ReadExactly): { readonly index: SparseIndex; readonly note: string } {
  const { version, slotCount, values: total, note, checksums } = readCheckedManifest<Manifest>(KIND, read);
  const isWithin = (value: number, most: number) => Number.isSafeInteger(value) && value >= 0 && value <= most;
  if (version !== VERSION || !isWithin(slotCount, SLOTS_MAX) || slotCount < 1 || !isWithin(total, ARENA_END))
    throw new MurmurationError("corrupt", `the ${KIND.name} is of another version`);
  const slots = new Uint32Array(SLOT_WORDS * slotCount);
  const indices = new Uint32Array(total);
  const values = new Float32Array(total);
  for (const [i, region] of [slots, indices, values].entries()) {
    readCheckedRegion(KIND, read, bytesOf(region), checksums[i]);
  }
  const index = new SparseIndex();
  let from = 0;
  for (let of = 1; of < slotCount; of++) {
    const [origin, low, high, flags, count] = slots.subarray(SLOT_WORDS * of, SLOT_WORDS * (of + 1)) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if ((flags & LINKED) === 0) {
      index.skipSlot();
      continue;
    }
    const dot = { origin, sequence: high * 2 ** 32 + low };
    const to = from + count;
    const vector = { kind: "sparse", indices: indices.subarray(from, to), values: values.subarray(from, to) } as const;
    if (to > total || !vector.values.every(Number.isFinite))
      throw new MurmurationError("corrupt", `the ${KIND.name} ends early`);
    index.checkInsert(dot, vector);
    const at = index.insert(dot, vector);
    if (at !== of) throw new MurmurationError("corrupt", `the ${KIND.name} has other slots`);
    if ((flags & DEAD) !== 0) index.markDead(at, true);
    if ((flags & CONDEMNED) !== 0) index.condemn(at);
    from = to;
  }
  index.freeSkipped();
  return { index, note };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
