import { crc32 } from "node:zlib";

/** Checksum of a row of points: over the shard's key in the file, the point's key and its state, so that no row passes for another. */
export function pointChecksum(shard: number, id: Uint8Array, state: Uint8Array): number {
  return crc32(state, crc32(id, crc32(String(shard))));
}

/** Checksum of a row of settings: over its name too, so that no value passes for that of another name. */
export function settingChecksum(name: string, value: string): number {
  return crc32(value, crc32(`${name}\0`));
}

/** Checksum of a row of frontiers. */
export function frontierChecksum(shard: number, origin: number, sequence: number): number {
  return crc32(`${shard}:${origin}:${sequence}`);
}
