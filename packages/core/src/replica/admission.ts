import type { VersionVector } from "../causality/version-vector.js";
import type { Stability } from "../gossip/stability.js";
import type { Operation } from "../operation/operation.js";
import { mark } from "../planted.js";
import type { ClusterOptions } from "./cluster-options.js";
import { whyNotFound } from "./founding.js";
import { ADMITTED_SETTING } from "./identity.js";
import type { Membership } from "./membership.js";
import { SYSTEM_SHARD } from "./recovery.js";
import type { ReplicaStore } from "./store.js";

/** A replica's way into its cluster: until it is admitted it writes nothing but its own joining. */
export class Admission {
  readonly #store: ReplicaStore;
  readonly #members: Membership;
  readonly #founding: ClusterOptions["founding"];
  #isAdmitted: boolean;
  #isKnown = false;
  /** Since when this replica listens. */
  #sinceMs: number | undefined;
  /** Why it begins no cluster, as of the last tick. */
  #notFounding: string | undefined = "this replica has joined no cluster yet";

  constructor(store: ReplicaStore, members: Membership, options: ClusterOptions) {
    this.#store = store;
    this.#members = members;
    this.#founding = options.founding;
    this.#isAdmitted = members.isFounder() || store.log.setting(ADMITTED_SETTING) === "yes";
  }

  /** Does every member know this replica? */
  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  /**
   * May operations of a shard be taken over? The catalogue's always, others not before every member waits for this replica: else they could
   * evict a member, and tidy up behind it, without knowing that this replica holds more of its operations than they do.
   */
  mayHold(shard: string): boolean {
    return shard === SYSTEM_SHARD || this.#isAdmitted || this.#isKnown;
  }

  /** Why client writes are refused for want of admission. */
  refusesWrites(): string | undefined {
    if (this.#isAdmitted) return undefined;
    return this.#members.isMember() || this.#founding === undefined
      ? "this replica has joined and is not known to every member yet"
      : this.#notFounding;
  }

  /** The region under which this replica has to join now, if it has to. */
  joinsAs(
    nowMs: number,
    heardMs: ReadonlyMap<number, number>,
    frontiersOf: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>,
  ): string | undefined {
    let mayFound = false;
    if (this.#founding !== undefined && this.#store.catalogue.members.length === 0) {
      this.#sinceMs ??= nowMs;
      const { id: self, system } = this.#store;
      const { peers } = this.#founding;
      const sinceMs = this.#sinceMs;
      this.#notFounding = whyNotFound({ self, peers, system: system.frontier, sinceMs, nowMs, heardMs, frontiersOf });
      mayFound = this.#notFounding === undefined;
    }
    return this.#members.joinsAs(mayFound);
  }

  /** Note whether every member has been heard to know the members, and whether all that they held has come. */
  settle(heard: Pick<Stability, "everyoneKnows" | "everyoneCounts">): void {
    if (this.#isAdmitted || !this.#members.isMember()) return;
    if (heard.everyoneKnows()) this.#isKnown = true;
    if (!this.#isKnown || !heard.everyoneCounts()) return;
    // what has come is to be in the log before the log says so
    if (!this.#store.isDurable()) return;
    this.#isAdmitted = true;
    mark("member admitted");
    this.#store.log.transaction((writer) => writer.putSetting(ADMITTED_SETTING, "yes"));
  }

  /**
   * Does an operation begin a catalogue of its own, while there is one here? Everybody else has taken over the catalogue that is there
   * before the first operation. What was forgotten there would come back here, so that the two stay apart.
   */
  isOtherFounding({ shard, sequence, dependencies }: Operation): boolean {
    if (this.#founding === undefined || shard !== SYSTEM_SHARD) return false;
    return sequence === 1 && dependencies.size === 0 && this.#store.system.frontier.size > 0;
  }
}
