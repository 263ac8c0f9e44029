import type { PointId } from "@murmuration/index";
import type { HybridClock } from "../causality/hybrid-clock.js";
import { putStoredCheckpoint } from "../checkpoint/stored-checkpoint.js";
import type { LogWriter } from "../log/op-log.js";
import { encodePointState } from "../state/point-state-codec.js";
import type { Shard } from "../state/shard.js";
import { causalSetting } from "./stored-causality.js";

/** Setting of the log: the latest time of the hybrid clock. */
export const CLOCK_SETTING = "replica.clock";

/** The latest time that was given out or observed. */
export function putClock(writer: LogWriter, { last: { wallMs, counter } }: HybridClock): void {
  writer.putSetting(CLOCK_SETTING, `${wallMs}:${counter}`);
}

/** Points of a shard, as they are now. */
export function putPoints(writer: LogWriter, shard: Shard, ids: Iterable<PointId>): void {
  for (const id of ids) {
    const state = shard.table.state(id);
    if (state === undefined) writer.deletePoint(shard.id, id);
    else writer.putPoint(shard.id, id, encodePointState(state));
  }
}

/** A shard is in the log no more. */
export function dropStoredShard(writer: LogWriter, id: string): void {
  writer.dropShard(id);
  putStoredCheckpoint(writer, id, undefined);
  writer.putSetting(causalSetting(id), "");
}
