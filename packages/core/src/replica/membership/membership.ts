import type { Catalogue } from "../../catalogue/collection.js";
import { emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { mark } from "../../marks.js";
import type { ReplicaStore } from "../commit/store.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";

/** Who takes part in the cluster, as this replica's catalogue and its founders say. */
export class Membership {
  readonly #store: ReplicaStore;
  readonly #options: ClusterOptions;
  #seen: unknown;
  #past: VersionVector = emptyVersionVector;
  /** The active ones of a catalogue: asked for with every message. */
  #known:
    | {
        readonly members: Catalogue["members"];
        readonly active: readonly number[];
        readonly isActive: ReadonlySet<number>;
        readonly evicted: ReadonlySet<number>;
        readonly writers: ReadonlySet<number>;
      }
    | undefined;

  constructor(store: ReplicaStore, options: ClusterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Ids of the replicas that are waited for, ascending; this one included while it is a member. */
  active(): readonly number[] {
    return this.#now().active;
  }

  /** Is a replica one of them? */
  isActive(id: number): boolean {
    return this.#now().isActive.has(id);
  }

  #now() {
    const { members } = this.#store.catalogue;
    if (this.#known?.members === members) return this.#known;
    const founders = this.#options.founders ?? [];
    const evicted = new Set(members.filter(({ state }) => state === "evicted").map(({ id }) => id));
    const isActive = new Set(members.filter(({ state }) => state === "active").map(({ id }) => id));
    for (const id of founders) if (!evicted.has(id)) isActive.add(id);
    const writers = new Set([...founders, ...members.map(({ id }) => id)]);
    const active = [...isActive].sort((a, b) => a - b);
    this.#known = { members, active, isActive, evicted, writers };
    return this.#known;
  }

  /**
   * Frontier of the system shard when the members last changed: who holds it knows the same members. When they have changed since the last
   * call, `onEvicted` is told every evicted one.
   */
  past(onEvicted: (id: number) => void): VersionVector {
    const { members } = this.#store.catalogue;
    if (members === this.#seen) return this.#past;
    this.#seen = members;
    for (const { id, state } of members) {
      if (state !== "evicted") continue;
      mark("member evicted");
      onEvicted(id);
    }
    this.#past = new Map(this.#store.system.frontier);
    return this.#past;
  }

  /** Is the catalogue of a cluster here, which says who its members are, or one that a cluster is to begin with? */
  areKnown(): boolean {
    const { id, system } = this.#store;
    return system.frontier.size > 0 && (this.active().length > 0 || sequenceOf(system.frontier, id) > 0);
  }

  isEvicted(id: number): boolean {
    return this.#now().evicted.has(id);
  }

  isFounder(): boolean {
    return (this.#options.founders ?? []).includes(this.#store.id);
  }

  /** Is this replica in the catalogue, and not evicted? */
  isMember(): boolean {
    return this.#store.catalogue.members.some(({ id, state }) => id === this.#store.id && state === "active");
  }

  /** Members, and those that were before they were evicted: may there be operations of this origin? */
  mayWrite(origin: number): boolean {
    return this.#now().writers.has(origin);
  }

  /** Is this replica a member whose address in the catalogue is not the one that it is reached at? */
  hasMoved(): boolean {
    const { url } = this.#options;
    const self = this.#store.catalogue.members.find(({ id, state }) => id === this.#store.id && state === "active");
    return self !== undefined && url !== undefined && self.url !== url;
  }

  /** The region under which this replica has to join now, if it has to. */
  joinsAs(mayFound: boolean): string | undefined {
    const { members } = this.#store.catalogue;
    const isKnown = members.some((member) => member.id === this.#store.id);
    // who joins first takes over the catalogue that is there
    const hasMet = this.isFounder() || members.length > 0 || mayFound;
    return !isKnown && hasMet ? (this.#options.region ?? "") : undefined;
  }
}
