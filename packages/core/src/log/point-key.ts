import type { PointId } from "@murmuration/index";
import { uuidFromBytes, uuidToBytes } from "../operation/point-id-field.js";

/** A point id as a database key: 8 bytes big-endian for an integer, 16 bytes for a UUID. */
export function pointIdToKey(id: PointId): Uint8Array {
  if (typeof id === "string") return uuidToBytes(id);
  const key = new Uint8Array(8);
  if (typeof id === "bigint") {
    new DataView(key.buffer).setBigUint64(0, id);
    return key;
  }
  // without a BigInt and a view: most ids are small integers
  for (let at = 7, rest = id; rest > 0; at--, rest = Math.floor(rest / 256)) key[at] = rest % 256;
  return key;
}

/** The id of a key made by `pointIdToKey`. */
export function pointIdFromKey(key: Uint8Array): PointId {
  if (key.byteLength === 16) return uuidFromBytes(key);
  const value = new DataView(key.buffer, key.byteOffset, key.byteLength).getBigUint64(0);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
