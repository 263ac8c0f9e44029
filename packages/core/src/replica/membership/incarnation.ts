import type { OpLog } from "../../log/op-log.js";
import { countOf, storedSetting } from "../../log/stored-setting.js";
import { INCARNATION_SETTING } from "../commit/identity.js";

const NONCES = 2 ** 20;

/** Names this start of a replica: counts them in its log, and tells two processes on copies of one log apart by the nonce. Throws `corrupt` where the count is damaged. */
export function startIncarnation(log: OpLog, nonce: number): number {
  const starts = (storedSetting(log, INCARNATION_SETTING, countOf) ?? 0) + 1;
  log.transaction((writer) => writer.putSetting(INCARNATION_SETTING, String(starts)));
  return starts * NONCES + (nonce % NONCES);
}

/** Is `other` another process than `mine` under the same replica id, and not just an earlier start of this one? */
export function isOtherStart(other: number, mine: number): boolean {
  return other !== mine && Math.floor(other / NONCES) >= Math.floor(mine / NONCES);
}
