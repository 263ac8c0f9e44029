import type { EngineCalls } from "./engine-calls.js";

/** Who is let into the cluster, and by which key this replica is known. */
export interface Membership {
  /** The text of an invitation by which one replica is let in, within so long. Throws `unavailable`. */
  invite(forMs: number): Promise<string>;
  /** Gives this replica another key. Throws `unavailable`. */
  renewKey(): Promise<void>;
}

/** That of the replica which an engine hosts. */
export function membershipOf(calls: EngineCalls): Membership {
  return {
    invite: (forMs) => calls.ask({ kind: "invite", forMs }) as Promise<string>,
    renewKey: async () => {
      await calls.ask({ kind: "renew-key" });
    },
  };
}
