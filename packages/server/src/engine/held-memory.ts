import type { WritableShard } from "@murmuration/core";

/**
 * Bytes that points hold of the memories that threads share: nodes of graphs, rows, columns and postings, and payloads that are kept there. What was
 * purged stands free inside of those memories for the next points, and does not count.
 */
export function heldBytes(shards: Iterable<WritableShard>): number {
  let bytes = 0;
  for (const { indexes, rows } of shards) {
    for (const { reader } of indexes.values()) {
      const { slotCount, linkedCount, bytesInUse } = reader;
      if (slotCount > 0) bytes += (bytesInUse * linkedCount) / slotCount;
    }
    bytes += rows.segment.use.bytes + (rows.payloads?.memory.use.used ?? 0);
  }
  return bytes;
}
