import type { OpLog } from "../../log/op-log.js";

/** Setting of the log. */
const PROBE_SETTING = "replica.probe";
const PROBE_CHARACTERS = 1024 * 1024;

/**
 * Does the log take writes of some size? Throws what it throws when not. After a failure: a few bytes fit even a disk that is full for
 * everything else.
 */
export function probeLog(log: OpLog): void {
  for (const text of ["x".repeat(PROBE_CHARACTERS), ""]) {
    log.transaction((writer) => writer.putSetting(PROBE_SETTING, text));
  }
}
