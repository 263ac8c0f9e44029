import { limits } from "../limits.js";
import { noPointRows, type PointRows, pointRowsFromText } from "./point-rows.js";
import { frontierChecksum } from "./row-checksums.js";
import { lastPayloadKey, payloadFloorSetting } from "./sqlite-payloads.js";
import type { PointsHead } from "./sqlite-points.js";
import { pointRowsSetting } from "./sqlite-schema.js";
import { isIntactSetting, readSetting, readSettingSums, type SettingSums } from "./sqlite-settings.js";
import type { ReadStatements } from "./sqlite-statements.js";

/** Setting of the log's own: the position below which none is given out again although its entry is gone. */
export const POSITION_FLOOR = "log.position-floor";

export interface ShardHead extends PointsHead {
  readonly frontier: Map<number, number>;
}

/** What is asked for at every write, kept in memory; read again when it may be stale. */
export interface Heads {
  readonly shards: Map<string, ShardHead>;
  readonly settings: SettingSums;
  /** Are there rows of a shard whose name is lost? One that has no rows may be that. */
  readonly isNameLost: boolean;
  lastPosition: number;
  /** Position of the latest note that payloads were dropped. */
  lastDrop: number;
}

/**
 * What a log's head rows say. A row of frontiers, or a sum of points, that is damaged is not believed: the shard is then recovered from its
 * operations, which give it back. Throws `corrupt` where a setting is damaged or lost that concerns the whole log. `isReadOnly`: nothing is
 * asked that only a writer needs.
 */
export function readHeads(file: string, reads: ReadStatements, isReadOnly: boolean): Heads {
  const shards = new Map<string, ShardHead>();
  for (const { shard, key, origin, sequence, checksum } of reads.heads.all()) {
    let head = shards.get(shard);
    if (head === undefined) {
      const payloadFloor = isReadOnly ? 0 : payloadFloorOf(reads, key);
      head = { key, frontier: new Map(), rows: pointRowsOf(reads, key), payloadFloor };
      shards.set(shard, head);
    }
    if (origin === null || sequence === null) continue;
    if (checksum === null || checksum === frontierChecksum(key, origin, sequence)) head.frontier.set(origin, sequence);
  }
  const settings = readSettingSums(file, reads.settings.all());
  const floor = Number(readSetting(file, reads, POSITION_FLOOR) ?? 0);
  const isNameLost = reads.nameless
    .all()
    .some((row) => row.checksum === frontierChecksum(row.shard, row.origin, row.sequence));
  const lastPosition = Math.max(floor, reads.lastPosition.get() ?? 0);
  return { shards, settings, isNameLost, lastPosition, lastDrop: reads.lastDrop?.get() ?? 0 };
}

/** The keys that are there are asked too: a floor that is damaged, or what it once was, must not let one be given again. */
function payloadFloorOf(reads: ReadStatements, key: number): number {
  const row = reads.setting.get(payloadFloorSetting(key));
  const floor = row !== undefined && isIntactSetting(row) ? Number(row.value) : 0;
  const last = lastPayloadKey(reads, key);
  if (Number.isSafeInteger(floor) && floor > 0) return Math.max(floor, last);
  return last === 0 ? 0 : last + limits.payloadKeysReserved;
}

function pointRowsOf(reads: ReadStatements, key: number): PointRows | undefined {
  const row = reads.setting.get(pointRowsSetting(key));
  // before there were checksums of settings, a shard without points had no sum
  if (row === undefined) return reads.forms.hasSettingChecksums ? undefined : noPointRows;
  return isIntactSetting(row) ? pointRowsFromText(row.value) : undefined;
}
