import { MurmurationError } from "@murmuration/index";
import type { OpLog } from "./op-log.js";
import { frontierChecksum } from "./row-checksums.js";
import { isIntactSetting } from "./sqlite-settings.js";
import type { ReadStatements } from "./sqlite-statements.js";

const slots = ["current", "incoming"] as const;

/**
 * Rows of an open log that are not what was written, as one line each; of the points of one shard the first. Those too that nobody reads,
 * or that are made again from others.
 */
export function damagedRows(log: OpLog, reads: ReadStatements): string[] {
  const lines: string[] = [];
  const look = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      lines.push(error.message);
    }
  };
  const drain = (rows: Iterable<unknown>) => {
    for (const _ of rows);
  };
  for (const row of reads.settings.all()) {
    if (!isIntactSetting(row)) lines.push(`the row ${JSON.stringify(row.name)} of table settings is damaged`);
  }
  for (const { shard, key, origin, sequence, checksum } of reads.heads.all()) {
    if (origin === null || sequence === null || checksum === null) continue;
    if (checksum !== frontierChecksum(key, origin, sequence)) {
      lines.push(`the row of shard ${shard} and origin ${origin} of table frontiers is damaged`);
    }
  }
  look(() => drain(log.read(0, { onDamaged: (_, { message }) => lines.push(message) })));
  for (const shard of log.shards()) {
    look(() => drain(log.points(shard)));
    for (const slot of slots) {
      for (const part of log.checkpointParts(shard, slot)) look(() => log.checkpointPart(shard, slot, part));
    }
  }
  return lines;
}
