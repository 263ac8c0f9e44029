import { crc32 } from "node:zlib";
import type { VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import type { CheckpointSlot, KeptOperations } from "./op-log.js";
import { dropPayloadOf } from "./sqlite-payloads.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

/** Writes a part of a shard's checkpoint, which is made if there is none. */
export function putCheckpointPart(
  writes: WriteStatements,
  shard: number,
  slot: CheckpointSlot,
  part: number,
  bytes: Uint8Array,
): void {
  const checkpoint = writes.checkpointKey.get(shard, slot) ?? writes.putCheckpoint.run(shard, slot).lastInsertRowid;
  writes.putPart.run(Number(checkpoint), part, crc32(bytes), bytes);
}

export function dropCheckpoint(writes: WriteStatements, shard: number, slot: CheckpointSlot): void {
  const checkpoint = writes.checkpointKey.get(shard, slot);
  if (checkpoint === undefined) return;
  writes.dropParts.run(checkpoint);
  writes.dropCheckpoint.run(checkpoint);
}

/** Drops operations of a shard without reading what is in them. Returns how many. */
export function dropOperations(
  writes: WriteStatements,
  shard: number,
  through: number,
  upTo: VersionVector,
  kept: KeptOperations,
): number {
  let dropped = 0;
  for (const [origin, last] of upTo) {
    const keptOfOrigin = kept.get(origin);
    for (let after = 0; ; ) {
      const page = writes.dotsBehind.all(shard, origin, after, last, limits.logPageRows);
      for (const { position, sequence, payload } of page) {
        if (position > through || keptOfOrigin?.has(sequence) === true) continue;
        writes.dropOperation.run(position);
        if (payload !== 0) dropPayloadOf(writes, shard, payload);
        dropped += 1;
      }
      after = page.at(-1)?.sequence ?? after;
      if (page.length < limits.logPageRows) break;
    }
  }
  return dropped;
}
