import type { OpLog } from "@murmuration/core";
import type { TransportHost } from "./cluster-start.js";

const settingOf = (region: string) => `transport.position.${region}`;

/** How far each region's stream was read, kept in the log. `attempt` runs a write that may fail: what is read again is passed over. */
export function streamPositions(log: OpLog, attempt: (write: () => void) => void): TransportHost["positions"] {
  return {
    load: (region) => Number(log.setting(settingOf(region)) ?? 0) || undefined,
    save: (region, sequence) => {
      attempt(() => log.transaction((writer) => writer.putSetting(settingOf(region), String(sequence))));
    },
  };
}
