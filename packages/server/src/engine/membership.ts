import type { Membership } from "./database.js";
import type { EngineCalls } from "./engine-calls.js";

/** That of the replica which an engine hosts. */
export function membershipOf(calls: EngineCalls): Membership {
  return {
    invite: (forMs) => calls.ask({ kind: "invite", forMs }) as Promise<string>,
    renewKey: async () => {
      await calls.ask({ kind: "renew-key" });
    },
  };
}
