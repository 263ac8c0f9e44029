import { sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import type { Stability, WaitedFor } from "../../gossip/stability.js";
import { mark } from "../../marks.js";
import type { Operation } from "../../operation/operation.js";
import { ADMITTED_SETTING, isAdmitted } from "../commit/identity.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import { whyNotFound } from "./founding.js";
import type { Membership } from "./membership.js";

/** Members that a reason names; of more it says how many. */
const NAMED_MAX = 8;
const WHAT_IS_WAITED_FOR: { readonly [lacks in WaitedFor["lacks"]]: string } = {
  word: "which is not heard",
  catalogue: "which does not know the members yet, or knows more of them",
  operations: "which holds operations that are not here yet",
};

/** A replica's way into its cluster: until it is admitted it writes nothing but its own joining. */
export class Admission {
  readonly #store: ReplicaStore;
  readonly #members: Membership;
  readonly #founding: ClusterOptions["founding"];
  #isAdmitted: boolean;
  #isKnown = false;
  /** Members that it waits for, as of the last look. */
  #waitsFor: readonly WaitedFor[] = [];
  /** Since when this replica listens. */
  #sinceMs: number | undefined;
  /** Why it begins no cluster, as of the last tick. */
  #notFounding: string | undefined = "this replica has joined no cluster yet";

  constructor(store: ReplicaStore, members: Membership, options: ClusterOptions) {
    this.#store = store;
    this.#members = members;
    this.#founding = options.founding;
    this.#isAdmitted = members.isFounder() || isAdmitted(store.log);
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
    if (!this.#members.isMember() && this.#founding !== undefined) return this.#notFounding;
    if (!this.#isKnown) return `this replica has joined and is not known to every member yet${this.#whom()}`;
    return `this replica has joined and takes over what the members hold${this.#whom()}`;
  }

  /**
   * Why collections are not read here for want of admission: what is here is nothing, or less than what the members hold. One that was
   * alone before goes on to answer from what it has until the cluster begins with it.
   */
  refusesReads(): string | undefined {
    const { catalogue, system, id } = this.#store;
    const hasOwn = catalogue.members.length === 0 && sequenceOf(system.frontier, id) > 0;
    return hasOwn ? undefined : this.refusesWrites();
  }

  /** Whom it waits for, and for what. */
  #whom(): string {
    if (this.#waitsFor.length === 0) return "";
    const regions = new Map(this.#store.catalogue.members.map(({ id, region }) => [id, region] as const));
    const named = this.#waitsFor.slice(0, NAMED_MAX).map(({ member, lacks }) => {
      const region = regions.get(member) ?? "";
      return `replica ${member}${region === "" ? "" : ` (${region})`}, ${WHAT_IS_WAITED_FOR[lacks]}`;
    });
    const others = this.#waitsFor.length - named.length;
    return `: it waits for ${named.join("; ")}${others === 0 ? "" : `; and ${others} others`}`;
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
  settle(heard: Pick<Stability, "everyoneKnows" | "everyoneCounts" | "waitedFor">): void {
    if (this.#isAdmitted || !this.#members.isMember()) return;
    if (heard.everyoneKnows()) this.#isKnown = true;
    this.#waitsFor = heard.waitedFor().filter(({ lacks }) => this.#isKnown || lacks !== "operations");
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
