import {
  assert,
  MurmurationError,
  PayloadMemory,
  type PayloadReader,
  type PointId,
  readPayloadMemory,
  type Segment,
} from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { limits } from "../limits.js";
import type { PointState } from "./point-state.js";
import { encodeStoredPayload } from "./point-state-codec.js";

/** Are the payloads of a collection kept in memory too? They are in the log in any case. */
export function keepsPayloadsInMemory({ settings }: Collection): boolean {
  const { on_disk_payload: isOnDisk, payload } = settings;
  const memory = typeof payload === "object" && payload !== null && "memory" in payload ? payload.memory : undefined;
  return isOnDisk === false || memory === "pinned";
}

/** A payload that is in memory: the key that the log has it under, and the one that rows name it by. */
interface Kept {
  readonly logKey: number;
  readonly key: number;
}

/**
 * The payloads of a shard in shared memory, as the rows of its points name them: put with the group that makes the rows, and given back when no
 * reader is at an epoch that shows them.
 */
export class PayloadsInMemory {
  readonly #memory: PayloadMemory;
  readonly #reader: PayloadReader;
  readonly #kept = new Map<PointId, Kept>();
  /** What the group that is being made has changed: what was kept before of each point. */
  readonly #before = new Map<PointId, Kept | undefined>();
  /** Keys that no row has from an epoch on. */
  readonly #waiting: { readonly epoch: number; readonly keys: readonly number[] }[] = [];

  constructor(memory = new PayloadMemory()) {
    this.#memory = memory;
    this.#reader = readPayloadMemory(memory.handle(), {
      bytesOf: () => assert(false, "the payload is in memory") as never,
    });
  }

  get memory(): PayloadMemory {
    return this.#memory;
  }

  /** The key for the row of a point that a group makes. Throws `capacity` where there is no room. */
  keyOf(state: PointState, logKey: number): number {
    const { id } = state;
    const kept = this.#kept.get(id);
    if (kept?.logKey === logKey) return kept.key;
    const key = this.#memory.put(encodeStoredPayload(state.payload));
    this.#change(id, { logKey, key });
    return key;
  }

  /** The point has no payload here in the group that is being made. */
  forget(id: PointId): void {
    if (this.#kept.has(id)) this.#change(id, undefined);
  }

  /** What readers find under a key. */
  bytesOf(key: number): Uint8Array {
    return this.#reader.bytesOf(key);
  }

  /** The key that a point's row has now; `undefined`: its payload is not here. */
  keptKey(id: PointId): number | undefined {
    return this.#kept.get(id)?.key;
  }

  /** The group is published: what it has replaced goes when every reader is at this epoch or a later one. */
  published(epoch: number, segment: Segment): void {
    const keys = Array.from(this.#before.values()).flatMap((before) => before?.key ?? []);
    if (keys.length > 0) this.#waiting.push({ epoch, keys });
    this.#before.clear();
    for (let first = this.#waiting[0]; first !== undefined && segment.isPassed(first.epoch); first = this.#waiting[0]) {
      for (const key of first.keys) this.#memory.giveBack(key);
      this.#waiting.shift();
    }
  }

  /** What the group has put, nobody has seen. */
  takenBack(): void {
    for (const [id, before] of this.#before) {
      const put = this.#kept.get(id);
      if (put !== undefined) this.#memory.giveBack(put.key);
      if (before === undefined) this.#kept.delete(id);
      else this.#kept.set(id, before);
    }
    this.#before.clear();
  }

  /** Throws `capacity` where no more than `reserve` bytes are left: a payload more may be one too many. */
  requireRoom(collection: string, reserve: number = limits.payloadMemoryReserveBytes): void {
    const { free, used } = this.#memory.use;
    if (free >= reserve) return;
    const mebibytes = Math.round(used / (1024 * 1024));
    const what = `payloads of collection ${collection} are kept in memory (on_disk_payload: false)`;
    throw new MurmurationError("capacity", `${what}, and fill it: ${mebibytes} MiB are used`);
  }

  #change(id: PointId, next: Kept | undefined): void {
    const before = this.#kept.get(id);
    if (!this.#before.has(id)) this.#before.set(id, before);
    // of this group, and never to be seen
    else if (before !== undefined) this.#memory.giveBack(before.key);
    if (next === undefined) this.#kept.delete(id);
    else this.#kept.set(id, next);
  }
}
