import { crc32 } from "node:zlib";
import { refuseMessage } from "../operation/refuse-message.js";
import { isPlanted } from "../planted.js";

interface MemoryPayload {
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

interface Drop {
  readonly position: number;
  readonly shard: string;
  readonly key: number;
}

/** The payloads of a `MemoryOpLog`. What is written is told to `write`, with the way back. */
export class MemoryPayloads {
  readonly #shards = new Map<string, Map<number, MemoryPayload>>();
  #drops: Drop[] = [];
  readonly #lastKeys = new Map<string, number>();
  /** Of operations, by shard: whether they are of nothing else any more. */
  readonly #ofOperations = new Map<string, Map<number, boolean>>();
  lastDrop = 0;

  newKey(shard: string): number {
    const key = (this.#lastKeys.get(shard) ?? 0) + 1;
    this.#lastKeys.set(shard, key);
    return key;
  }

  /** Throws `corrupt` for one that is damaged. */
  read(shard: string, key: number): Uint8Array | undefined {
    const payload = this.#shards.get(shard)?.get(key);
    if (payload === undefined || crc32(payload.bytes) === payload.checksum) return payload?.bytes;
    return refuseMessage(`payload ${key} of shard ${shard} is damaged`);
  }

  /** Damaged or not. */
  stored(shard: string, key: number): Uint8Array | undefined {
    return this.#shards.get(shard)?.get(key)?.bytes;
  }

  put(write: (undo: () => void) => void, shard: string, key: number, bytes: Uint8Array): void {
    const payloads = this.#shards.get(shard) ?? new Map<number, MemoryPayload>();
    this.#shards.set(shard, payloads);
    const before = payloads.get(key);
    write(() => {
      if (before === undefined) payloads.delete(key);
      else payloads.set(key, before);
    });
    payloads.set(key, { bytes, checksum: crc32(bytes) });
    // one that is put back from another log was given there
    this.#lastKeys.set(shard, Math.max(key, this.#lastKeys.get(shard) ?? 0));
  }

  /** An operation has a payload that a point is put with. */
  share(write: (undo: () => void) => void, shard: string, key: number): void {
    this.#setOfOperation(write, shard, key, false);
  }

  /** An operation that had a payload is dropped. */
  dropOfOperation(write: (undo: () => void) => void, shard: string, key: number): void {
    const isAlone = this.#ofOperations.get(shard)?.get(key) === true;
    this.#setOfOperation(write, shard, key, undefined);
    if (isAlone) this.#delete(write, shard, key);
  }

  #setOfOperation(write: (undo: () => void) => void, shard: string, key: number, isAlone: boolean | undefined): void {
    const ofShard = this.#ofOperations.get(shard) ?? new Map<number, boolean>();
    this.#ofOperations.set(shard, ofShard);
    const set = (value: boolean | undefined) => (value === undefined ? ofShard.delete(key) : ofShard.set(key, value));
    const before = ofShard.get(key);
    write(() => void set(before));
    set(isAlone);
  }

  #delete(write: (undo: () => void) => void, shard: string, key: number): void {
    const payloads = this.#shards.get(shard);
    const before = payloads?.get(key);
    write(() => {
      if (before !== undefined) payloads?.set(key, before);
    });
    payloads?.delete(key);
  }

  /** The key of another payload of the shard, if there is one: for a planted bug. */
  another(shard: string, key: number): number {
    const keys = [...(this.#shards.get(shard)?.keys() ?? [])];
    return keys[(keys.indexOf(key) + 1) % keys.length] ?? key;
  }

  drop(write: (undo: () => void) => void, shard: string, key: number): void {
    const drops = this.#drops;
    const { lastDrop } = this;
    write(() => {
      drops.pop();
      this.lastDrop = lastDrop;
    });
    this.lastDrop += 1;
    drops.push({ position: this.lastDrop, shard, key });
  }

  deleteDropped(write: (undo: () => void) => void, upTo: number, limit: number): boolean {
    const drops = this.#drops;
    const passed = drops.filter(({ position }) => position <= upTo);
    const gone = passed.slice(0, limit);
    for (const { shard, key } of gone) {
      const isOfOperation = this.#ofOperations.get(shard)?.has(key) === true;
      if (isOfOperation && !isPlanted("payload-forgotten")) this.#setOfOperation(write, shard, key, true);
      else this.#delete(write, shard, key);
    }
    write(() => {
      this.#drops = drops;
    });
    this.#drops = drops.slice(gone.length);
    return gone.length === passed.length;
  }

  damage(shard: string, key: number, bytes: Uint8Array | undefined): void {
    const payloads = this.#shards.get(shard);
    const before = payloads?.get(key);
    if (bytes === undefined) payloads?.delete(key);
    else if (before !== undefined) payloads?.set(key, { bytes, checksum: before.checksum });
  }
}
