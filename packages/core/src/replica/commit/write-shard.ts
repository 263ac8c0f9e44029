import type { PointId } from "@murmuration/index";
import { type HybridClock, type HybridTime, isHybridTime } from "../../causality/hybrid-clock.js";
import { putStoredCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { storedSetting } from "../../log/stored-setting.js";
import type { PointState } from "../../state/point-state.js";
import { encodeRegisters, encodeStoredPayload } from "../../state/point-state-codec.js";
import type { Shard } from "../../state/shard.js";
import { causalSetting } from "./stored-causality.js";

/** Setting of the log: the latest time of the hybrid clock. */
const CLOCK_SETTING = "replica.clock";

/** The latest time that the replica of a log has given out or observed: no operation in the log is later. `undefined`: none. Throws `corrupt` for a setting that is no time. */
export function clockOf(log: OpLog): HybridTime | undefined {
  return storedSetting(log, CLOCK_SETTING, timeOf);
}

function timeOf(text: string): HybridTime | undefined {
  const [, wallMs, counter] = (/^(\d+):(\d+)$/.exec(text) ?? []).map(Number);
  return wallMs !== undefined && counter !== undefined && isHybridTime(wallMs, counter)
    ? { wallMs, counter }
    : undefined;
}

/** The latest time that was given out or observed. */
export function putClock(writer: LogWriter, { last: { wallMs, counter } }: HybridClock): void {
  writer.putSetting(CLOCK_SETTING, `${wallMs}:${counter}`);
}

/** Write points of a shard to the log as they are now, or that they are gone; payloads that it does not have yet. */
export function putPoints(writer: LogWriter, shard: Shard, ids: Iterable<PointId>): void {
  for (const id of ids) {
    const state = shard.table.state(id);
    if (state === undefined) writer.deletePoint(shard.id, id);
    else putState(writer, shard, state);
  }
}

/** The same for all that there are. */
export function putAllPoints(writer: LogWriter, shard: Shard): void {
  for (const state of shard.table.states()) putState(writer, shard, state);
}

function putState(writer: LogWriter, shard: Shard, state: PointState): void {
  const key = shard.table.payloadKeyOf(state.id);
  const payload = key === 0 ? undefined : { key, bytes: () => encodeStoredPayload(state.payload) };
  writer.putPoint(shard.id, state.id, encodeRegisters(state), payload);
}

/** A shard is in the log no more. */
export function dropStoredShard(writer: LogWriter, id: string): void {
  writer.dropShard(id);
  putStoredCheckpoint(writer, id, undefined);
  writer.putSetting(causalSetting(id), "");
}
