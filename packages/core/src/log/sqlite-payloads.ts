import { assert } from "@murmuration/index";
import { limits } from "../limits.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { dropChecksum, ownedChecksum, payloadChecksum } from "./row-checksums.js";
import type { DropRow, PayloadRow, ReadStatements } from "./sqlite-statements.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

/** Setting of the log's own: the key up to which none is given after a restart, for the shard of this key. */
export function payloadFloorSetting(key: number | string): string {
  return `log.payloads.${key}`;
}

/** Of a shard: where the keys of its payloads stand. */
export interface PayloadsHead {
  /** The shard's key in the file. */
  readonly key: number;
  /** No key of a payload up to this one is given after a restart. */
  payloadFloor: number;
}

/** Keys of payloads, both ends included. */
interface Range {
  readonly first: number;
  last: number;
}

/** What one transaction drops of the payloads, and keeps. */
export class Drops {
  readonly #writes: WriteStatements;
  /** Of shards that no longer need them: their keys in the file → keys. */
  readonly #dropped = new Map<number, Range[]>();
  /** Keys that were put, of shards of which all was dropped before. */
  readonly #put = new Map<number, number[]>();
  /** Payloads of operations that were not put yet, by the shard's key in the file. */
  readonly #shared = new Map<number, Set<number>>();
  /** Shards whose floor was moved. */
  readonly raised = new Set<PayloadsHead>();

  constructor(writes: WriteStatements) {
    this.#writes = writes;
  }

  /** An operation has a payload that is yet to be put. */
  share(shard: number, key: number): void {
    const keys = this.#shared.get(shard) ?? new Set();
    this.#shared.set(shard, keys.add(key));
  }

  /** The operations of the shard are dropped, those that were written in this transaction as well: nothing of theirs is put any more. */
  forgetShared(shard: number): void {
    this.#shared.delete(shard);
  }

  put(head: PayloadsHead, key: number): void {
    this.#shared.get(head.key)?.delete(key);
    this.#put.get(head.key)?.push(key);
    if (key <= head.payloadFloor) return;
    head.payloadFloor = Math.min(key + limits.payloadKeysReserved, limits.payloadKeyMax);
    this.raised.add(head);
  }

  drop(shard: number, key: number): void {
    const ranges = this.#rangesOf(shard);
    const last = ranges.at(-1);
    if (last?.last === key - 1) last.last = key;
    else ranges.push({ first: key, last: key });
  }

  /** Every payload that the shard has. */
  dropAll(shard: number): void {
    const last = this.#writes.lastPayload.get(shard, shard);
    if (last === undefined || last === null) return;
    this.#dropped.set(shard, [{ first: 1, last }]);
    this.#put.set(shard, []);
  }

  /** Writes the notes, behind position `after`. Returns the position of the last. */
  write(after: number): number {
    for (const keys of this.#shared.values())
      assert(keys.size === 0, "the payload of an operation is put with a point");
    let position = after;
    for (const [shard, ranges] of this.#dropped) {
      for (const { first, last } of without(ranges, this.#put.get(shard) ?? [])) {
        position += 1;
        this.#writes.putDrop.run(position, shard, first, last, dropChecksum(position, shard, first, last));
      }
    }
    return position;
  }

  #rangesOf(shard: number): Range[] {
    const ranges = this.#dropped.get(shard) ?? [];
    this.#dropped.set(shard, ranges);
    return ranges;
  }
}

/** The ranges without some keys. */
function without(ranges: readonly Range[], keys: readonly number[]): readonly Range[] {
  if (keys.length === 0) return ranges;
  const sorted = [...keys].sort((a, b) => a - b);
  return ranges.flatMap(({ first, last }) => {
    const left: Range[] = [];
    let from = first;
    for (const key of sorted) {
      if (key < from) continue;
      if (key > last) break;
      if (key > from) left.push({ first: from, last: key - 1 });
      from = key + 1;
    }
    if (from <= last) left.push({ first: from, last });
    return left;
  });
}

export function isIntactDrop({ position, shard, first, last, checksum }: DropRow): boolean {
  return checksum === dropChecksum(position, shard, first, last);
}

/**
 * Deletes payloads that were noted as dropped up to a position; see `LogWriter.deleteDropped`. Those that operations have are theirs alone from here on.
 * A note that is damaged is not believed.
 */
export function deleteDropped(writes: WriteStatements, upTo: number, limit: number): boolean {
  for (let left = limit; ; ) {
    const drop = writes.firstDrop.get(upTo);
    if (drop === undefined) return true;
    if (left <= 0) return false;
    left -= deleteNoted(writes, drop, left);
  }
}

/** Passes over payloads that a note names, at most `limit`. Returns how many; fewer: the note is gone with them. */
function deleteNoted(writes: WriteStatements, drop: DropRow, limit: number): number {
  const { position, shard, first, last } = drop;
  const page = isIntactDrop(drop) ? writes.payloadsBetween.all(shard, shard, first, shard, last, limit) : [];
  for (const { key, isOfOperation } of page) {
    if (isOfOperation === 1) writes.putOwned.run(shard, key, ownedChecksum(shard, key));
    else writes.deletePayload.run(shard, key);
  }
  writes.dropDrop.run(position);
  const next = page.at(-1)?.key;
  if (next !== undefined && page.length === limit && next < last) {
    writes.putDrop.run(position, shard, next + 1, last, dropChecksum(position, shard, next + 1, last));
  }
  return page.length;
}

/** An operation is dropped that had a payload: so is the payload, where no point has it. */
export function dropPayloadOf(writes: WriteStatements, shard: number, key: number): void {
  if (writes.ownedChecksum.get(shard, key) !== ownedChecksum(shard, key)) return;
  writes.deletePayload.run(shard, key);
  writes.dropOwned.run(shard, key);
}

/** The payload of a key of the shard of this key in the file. Throws `corrupt` where it is damaged. */
export function readPayload(file: string, reads: ReadStatements, shard: number, key: number): Uint8Array | undefined {
  const row = reads.payload?.get(shard, key);
  if (row === undefined || isIntactPayload(shard, key, row)) return row?.bytes;
  return refuseMessage(`${file}: payload ${key} is damaged: the checksum does not match`);
}

export function isIntactPayload(shard: number, key: number, { checksum, bytes }: PayloadRow): boolean {
  return checksum === payloadChecksum(shard, key, bytes);
}

/** The highest key of a payload of a shard that is there or noted as dropped: none of these may be given again, whatever the floor says. */
export function lastPayloadKey(reads: ReadStatements, shard: number): number {
  let last = 0;
  for (const drop of reads.drops?.all(shard) ?? []) if (isIntactDrop(drop)) last = Math.max(last, drop.last);
  for (let before = limits.payloadKeyMax + 1; ; ) {
    const row = reads.payloadBefore?.get(shard, shard, before);
    if (row === undefined) return last;
    // where a key has lost a bit, its checksum tells
    if (isIntactPayload(shard, row.key, row)) return Math.max(last, row.key);
    before = row.key;
  }
}
