import type { PointId } from "../point/point-id.js";
import { S_ID, S_IS_UUID } from "./layout.js";

// An id in memory is two u64, the low one first: an integer has 0 for the second, of a UUID the first 8 bytes are the second. So ids of one
// kind are in the order of comparePointIds when they are compared as 128-bit integers.

const TWO_32 = 2 ** 32;
const LOW = 0xffff_ffffn;

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}

/** Eight hexadecimal digits from `at` on, hyphens passed over. */
function hexWord(text: string, at: number): number {
  let [word, digits] = [0, 0];
  for (let i = at; digits < 8; i++) {
    const code = text.charCodeAt(i);
    if (code === 45) continue;
    word = (word << 4) | nibble(code);
    digits++;
  }
  return word >>> 0;
}

/** Write a canonical id to a thread's scratch, which begins at this word. */
export function writeId(u32: Uint32Array, scratch: number, id: PointId): void {
  const at = scratch + (S_ID >>> 2);
  u32[scratch + (S_IS_UUID >>> 2)] = typeof id === "string" ? 1 : 0;
  if (typeof id === "string") {
    u32[at + 3] = hexWord(id, 0);
    u32[at + 2] = hexWord(id, 9);
    u32[at + 1] = hexWord(id, 19);
    u32[at] = hexWord(id, 28);
    return;
  }
  u32[at + 2] = 0;
  u32[at + 3] = 0;
  if (typeof id === "number") {
    u32[at] = id >>> 0;
    u32[at + 1] = Math.floor(id / TWO_32);
  } else {
    u32[at] = Number(id & LOW);
    u32[at + 1] = Number(id >> 32n);
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

/** The canonical id whose words begin at this one. */
export function readId(u32: Uint32Array, at: number, isUuid: boolean): PointId {
  const [a, b] = [u32[at] as number, u32[at + 1] as number];
  if (!isUuid) return b < 0x20_0000 ? b * TWO_32 + a : (BigInt(b) << 32n) | BigInt(a);
  const text = hex(u32[at + 3] as number) + hex(u32[at + 2] as number) + hex(b) + hex(a);
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}
