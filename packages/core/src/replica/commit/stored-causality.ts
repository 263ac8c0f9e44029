import { StitchWindows } from "../../gossip/windows.js";
import type { OpLog } from "../../log/op-log.js";
import { storedSetting } from "../../log/stored-setting.js";
import { refuseMessage } from "../../operation/refuse-message.js";
import { isPlanted } from "../../planted.js";
import { CausalState, type StoredCausalState } from "../../state/causal-state.js";

/** The shard whose operations make the catalogue. */
export const SYSTEM_SHARD = "system";

/** Name of the setting that keeps a shard's causality. */
export function causalSetting(shard: string): string {
  return `causality.${shard}`;
}

/** What the setting keeps. */
interface StoredShardCausality {
  readonly causality: StoredCausalState;
  readonly windows?: unknown;
}

export function storedCausality(causality: CausalState, windows?: StitchWindows): string {
  const stored: StoredShardCausality = {
    causality: causality.toJson(),
    ...(windows === undefined ? {} : { windows: windows.encode() }),
  };
  return JSON.stringify(stored);
}

/**
 * The causality of a shard as the log keeps it. Throws `corrupt` for one that is damaged, and for one that is not there though operations are:
 * it is then made again from these.
 */
export function recoverCausality(log: OpLog, shard: string): { causality: CausalState; windows: StitchWindows } {
  const stored = storedSetting(log, causalSetting(shard), causalityOf);
  if (stored !== undefined) return stored;
  const frontier = log.frontier(shard);
  if (frontier.size > 0) refuseMessage(`the setting "${causalSetting(shard)}" is not in the log`);
  return { causality: new CausalState(), windows: new StitchWindows() };
}

function causalityOf(text: string): { causality: CausalState; windows: StitchWindows } {
  const { causality, windows } = JSON.parse(text) as StoredShardCausality;
  const forgets = isPlanted("windows-lost-in-recovery");
  return {
    causality: new CausalState(causality),
    windows: windows === undefined || forgets ? new StitchWindows() : StitchWindows.decode(windows),
  };
}
