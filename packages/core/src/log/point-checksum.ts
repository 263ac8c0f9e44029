import { crc32 } from "node:zlib";

/** Checksum of a row of points: over the shard's key in the file, the point's key and its state, so that no row passes for another. */
export function pointChecksum(shard: number, id: Uint8Array, state: Uint8Array): number {
  return crc32(state, crc32(id, crc32(String(shard))));
}
