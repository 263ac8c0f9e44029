import type { LogWriter, OpLog } from "../log/op-log.js";
import { storedSetting } from "../log/stored-setting.js";
import { refuseMessage } from "../operation/refuse-message.js";

/** A checkpoint as others know it. */
export interface CheckpointName {
  /** What it holds, as a number: see `transferOf`. */
  readonly transfer: number;
  /** The manifest, and the parts behind it. */
  readonly parts: number;
}

/** Where a shard's current checkpoint stands in its log, and what the log held then. */
export interface StoredCheckpoint extends CheckpointName {
  /** Log position up to which everything is in it. */
  readonly position: number;
  /** Operations applied until then, of all origins. */
  readonly operations: number;
  /** Rows of them that were left in the log. */
  readonly rows: number;
}

const settingOf = (shard: string) => `checkpoint.${shard}`;

/** What is noted of a shard's current checkpoint; `undefined`: it has none. Throws `corrupt` where the note is damaged or lost. */
export function storedCheckpoint(log: OpLog, shard: string): StoredCheckpoint | undefined {
  const stored = storedSetting(log, settingOf(shard), checkpointOf);
  const isLost = stored === undefined && log.checkpointParts(shard, "current").length > 0;
  if (isLost) refuseMessage(`the setting "${settingOf(shard)}" is not in the log, and the checkpoint is`);
  return stored;
}

function checkpointOf(text: string): StoredCheckpoint | undefined {
  const { transfer, parts, position, operations, rows } = JSON.parse(text) as StoredCheckpoint;
  const checkpoint = { transfer, parts, position, operations, rows };
  return Object.values(checkpoint).every((one) => Number.isSafeInteger(one) && one >= 0) ? checkpoint : undefined;
}

/** Note what a shard's current checkpoint is; `undefined`: it has none any more. */
export function putStoredCheckpoint(writer: LogWriter, shard: string, stored: StoredCheckpoint | undefined): void {
  writer.putSetting(settingOf(shard), stored === undefined ? "" : JSON.stringify(stored));
}
