import { crc32 } from "node:zlib";
import { crcOfBytes, crcOfText } from "./short-crc.js";

/** Where a row of operations stands; the shard is its key in the file. */
export interface OperationPlace {
  readonly position: number;
  readonly shard: number;
  readonly origin: number;
  readonly sequence: number;
}

/** Checksum of a row of operations: over its place too, so that no row passes for another, or for one that stands elsewhere. */
export function operationChecksum(place: OperationPlace, bytes: Uint8Array): number {
  return placedChecksum(place, crc32(bytes));
}

/** Says of an operation's payload, which stands elsewhere, where that is and what it is. */
export interface PayloadApart {
  /** Its key. */
  readonly payload: number;
  /** Where it belongs in the operation's bytes. */
  readonly payloadAt: number;
  /** Of its bytes there. */
  readonly payloadChecksum: number;
}

/** Checksum of a row of operations without its payload: `rest`. */
export function apartChecksum(place: OperationPlace, rest: Uint8Array, apart: PayloadApart): number {
  const { payload, payloadAt, payloadChecksum } = apart;
  return placedChecksum(place, crc32(rest, crcOfText(`${payload}:${payloadAt}:${payloadChecksum}`)));
}

/** Checksum of a row that says that a payload is an operation's alone. */
export function ownedChecksum(shard: number, key: number): number {
  return crc32(`operation:${shard}:${key}`);
}

/** Of the checksum of what a row has, damaged or not: the row need not be read for it. */
export function placedChecksum({ position, shard, origin, sequence }: OperationPlace, ofBytes: number): number {
  return (ofBytes ^ crcOfText(`${position}:${shard}:${origin}:${sequence}`)) >>> 0;
}

/**
 * Checksum of a row of points: over the shard's key in the file, the point's key, its state and the key of its payload, so that no row passes
 * for another. Without the last in a log that keeps payloads in the state.
 */
export function pointChecksum(shard: number, id: Uint8Array, state: Uint8Array, payload?: number): number {
  const before = crcOfText(payload === undefined ? String(shard) : `${shard}:${payload}`);
  return crc32(state, crcOfBytes(id, 0, id.byteLength, before));
}

/** Checksum of a row of payloads: over its shard and key too. */
export function payloadChecksum(shard: number, key: number, bytes: Uint8Array): number {
  return crc32(bytes, crcOfText(`${shard}:${key}`));
}

/** Checksum of a note that the payloads of some keys were dropped. */
export function dropChecksum(position: number, shard: number, first: number, last: number): number {
  return crc32(`${position}:${shard}:${first}:${last}`);
}

/** Checksum of a row of settings: over its name too, so that no value passes for that of another name. */
export function settingChecksum(name: string, value: string): number {
  return crc32(value, crc32(`${name}\0`));
}

/** Checksum of a row of frontiers. */
export function frontierChecksum(shard: number, origin: number, sequence: number): number {
  return crc32(`${shard}:${origin}:${sequence}`);
}
