import { MurmurationError } from "@murmuration/index";
import { isOrigin } from "../../causality/dot.js";
import type { OpLog } from "../../log/op-log.js";
import { countOf, storedSetting } from "../../log/stored-setting.js";

/** Setting of the log: the replica's id, the origin of its operations. */
export const REPLICA_SETTING = "replica.id";
/** Setting of the log: "yes" when every member of the cluster knew this replica. */
export const ADMITTED_SETTING = "replica.admitted";
/** Setting of the log: how often the replica was started. */
export const INCARNATION_SETTING = "replica.incarnation";

const DRAWS_MAX = 100;

/** The id of the replica that a log belongs to; `undefined`: it has none yet. Throws `corrupt` for a setting that is no id. */
export function replicaIdOf(log: OpLog): number | undefined {
  return storedSetting(log, REPLICA_SETTING, (text) => {
    const id = countOf(text);
    return id !== undefined && isOrigin(id) ? id : undefined;
  });
}

/** Did every member of the cluster know the replica of this log, which then held what they held? */
export function isAdmitted(log: OpLog): boolean {
  return log.setting(ADMITTED_SETTING) === "yes";
}

/**
 * Makes a copy of a log a replica of its own: what it writes from now on comes under a new id, its operations so far stay under theirs.
 * A copy that went on under the old id would name operations as the original has named others. The new id is one that has written
 * nothing in the log; with the old one goes what the cluster knew of it: its admission and the count of its starts. The clock stays,
 * so that later writes win over earlier ones. The log must not be open as a `Replica`. Returns the new id; throws `unavailable` when
 * `newReplicaId` gives none that is free.
 */
export function takeNewIdentity(log: OpLog, newReplicaId: () => number): number {
  const taken = new Set(log.shards().flatMap((shard) => [...log.frontier(shard).keys()]));
  const old = replicaIdOf(log);
  if (old !== undefined) taken.add(old);
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const id = newReplicaId();
    if (!isOrigin(id) || taken.has(id)) continue;
    log.transaction((writer) => {
      writer.putSetting(REPLICA_SETTING, String(id));
      writer.putSetting(ADMITTED_SETTING, "");
      writer.putSetting(INCARNATION_SETTING, "");
    });
    return id;
  }
  throw new MurmurationError("unavailable", `no free replica id was found in ${DRAWS_MAX} draws`);
}
