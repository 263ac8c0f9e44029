import type { PointId } from "../point/point-id.js";
import { readId } from "./id-words.js";
import {
  H_AT_DOTS,
  H_AT_IDS,
  H_AT_KEYS,
  H_AT_SLOTS,
  H_AT_TIMES,
  H_CAPACITY,
  NO_SLOT,
  S_DOT,
  S_KEY,
  S_SLOTS,
  S_TIME,
} from "./layout.js";
import type { RowPut, RowStamp } from "./row-change.js";
import type { TableEngine } from "./table-engine.js";

const TWO_32 = 2 ** 32;
/** Bits of a key's high word; above them is the kind of the id. */
const KEY_HIGH_BITS = 0x7fff_ffff;

/** What stands in rows. Only of rows that were found at an epoch that this thread is still at. */
export class Rows {
  readonly #u32: Uint32Array;
  readonly #capacity: number;
  /** Where regions begin, in words. */
  readonly #ids: number;
  readonly #keys: number;
  readonly #times: number;
  readonly #dots: number;
  readonly #slots: number;

  constructor({ u32 }: TableEngine) {
    const start = (place: number) => (u32[place >>> 2] as number) >>> 2;
    this.#u32 = u32;
    this.#capacity = u32[H_CAPACITY >>> 2] as number;
    this.#ids = start(H_AT_IDS);
    this.#keys = start(H_AT_KEYS);
    this.#times = start(H_AT_TIMES);
    this.#dots = start(H_AT_DOTS);
    this.#slots = start(H_AT_SLOTS);
  }

  idAt(row: number): PointId {
    const isUuid = (this.#u32[this.#keys + 2 * row + 1] as number) > KEY_HIGH_BITS;
    return readId(this.#u32, this.#ids + 4 * row, isUuid);
  }

  /** A hash of the row's id by a seed, both 32 bits: the mixing of MurmurHash3 over the words of the id. */
  idHashAt(row: number, seed: number): number {
    const at = this.#ids + 4 * row;
    let hash = seed ^ ((this.#u32[this.#keys + 2 * row + 1] as number) >>> 31);
    for (let word = at; word < at + 4; word++) {
      const mixed = Math.imul(this.#u32[word] as number, 0xcc9e2d51);
      hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  payloadKeyAt(row: number): number {
    const at = this.#keys + 2 * row;
    return ((this.#u32[at + 1] as number) & KEY_HIGH_BITS) * TWO_32 + (this.#u32[at] as number);
  }

  stampAt(row: number): RowStamp {
    const low = this.#u32[this.#times + 2 * row] as number;
    const wallMs = (this.#u32[this.#times + 2 * row + 1] as number) * 65_536 + (low >>> 16);
    return { wallMs, counter: low & 0xffff, origin: (this.#u32[this.#dots + 2 * row + 1] as number) >>> 8 };
  }

  versionAt(row: number): number {
    const at = this.#dots + 2 * row;
    return ((this.#u32[at + 1] as number) & 0xff) * TWO_32 + (this.#u32[at] as number);
  }

  /** Where the row's vector stands in the graph of a space. */
  slotAt(row: number, space: number): number | undefined {
    const slot = this.#u32[this.#slots + space * this.#capacity + row] as number;
    return slot === NO_SLOT ? undefined : slot;
  }
}

/** Write what a new row will hold, but for its id, to the writer's scratch. */
export function writeRow({ u32, scratch }: TableEngine, spaces: number, put: RowPut): void {
  const { payloadKey, stamp, version, slots } = put;
  const key = scratch + (S_KEY >>> 2);
  u32[key] = payloadKey >>> 0;
  u32[key + 1] = Math.floor(payloadKey / TWO_32);
  const time = scratch + (S_TIME >>> 2);
  u32[time] = ((stamp.wallMs & 0xffff) << 16) | stamp.counter;
  u32[time + 1] = Math.floor(stamp.wallMs / 65_536);
  const dot = scratch + (S_DOT >>> 2);
  u32[dot] = version >>> 0;
  u32[dot + 1] = stamp.origin * 256 + Math.floor(version / TWO_32);
  const first = scratch + (S_SLOTS >>> 2);
  for (let space = 0; space < spaces; space++) u32[first + space] = slots[space] ?? NO_SLOT;
}
