import { assert, type GraphHandle, MurmurationError } from "@murmuration/index";
import { withDelta } from "../catalogue/catalogue-delta.js";
import type { Catalogue, Collection } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { emptyVersionVector, type VersionVector } from "../causality/version-vector.js";
import { StitchWindows } from "../gossip/windows.js";
import type { OpLog } from "../log/op-log.js";
import { decodeOperation } from "../operation/codec.js";
import { CausalState } from "../state/causal-state.js";
import type { PointState } from "../state/point-state.js";
import { decodePointState, decodeStoredPoint } from "../state/point-state-codec.js";
import { Shard } from "../state/shard.js";
import { FollowedGraph } from "../state/shard-graph.js";
import type { CatalogueChanged, Change, OperationsApplied, PointsReconciled, ShardReplaced } from "./change.js";
import { type Fault, Faults } from "./faults.js";
import { recoverCausality, SYSTEM_SHARD } from "./stored-causality.js";

interface FollowedShard {
  readonly shard: Shard;
  readonly graphs: ReadonlyMap<string, FollowedGraph>;
}

type Handles = ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;

/** The stored points of every shard of a log, with the frontiers that they stand at. */
export type StoredPoints = ReadonlyMap<
  string,
  | { readonly causality: CausalState; readonly windows: StitchWindows; readonly states: readonly PointState[] }
  | "damaged"
>;

/** Read the points that a view starts from; while its replica recovers, which writes none. */
export function readStoredPoints(log: OpLog): StoredPoints {
  const stored: Map<string, StoredPoints extends ReadonlyMap<string, infer T> ? T : never> = new Map();
  for (const shard of log.shards()) {
    try {
      const states = Array.from(log.points(shard), decodeStoredPoint);
      stored.set(shard, { ...recoverCausality(log, shard), states });
    } catch {
      stored.set(shard, "damaged");
    }
  }
  return stored;
}

/**
 * A replica's state as another thread reads it: points of its own, kept up by applying the same operations, and graphs shared with the
 * writer. What it answers is exactly what it has followed so far: nothing of an operation shows before the operation is durable.
 */
export class ReplicaView {
  readonly #thread: number;
  readonly #shards = new Map<string, FollowedShard>();
  /** Why shards are not served. */
  readonly #quarantined = new Map<string, string>();
  readonly #faults = new Faults();
  #catalogue: Catalogue;
  #frontier: VersionVector;

  /** Starts from the stored points of a replica that has written nothing since. `thread` is this reader's place on the graphs, from 1. */
  constructor(options: {
    readonly points: StoredPoints;
    readonly catalogue: Catalogue;
    readonly handles: Handles;
    readonly thread: number;
  }) {
    this.#thread = options.thread;
    this.#catalogue = options.catalogue;
    const system = options.points.get(SYSTEM_SHARD);
    this.#frontier = system === undefined || system === "damaged" ? emptyVersionVector : system.causality.frontier;
    for (const [id, graphs] of options.handles) {
      const collection = options.catalogue.collections[id];
      assert(collection !== undefined, "every shard has a collection");
      const stored = options.points.get(id);
      // the writer finds it too, and makes the shard again or says that it cannot
      if (stored === "damaged") continue;
      try {
        const { shard } = this.#open(collection, graphs, true, stored?.causality, stored?.windows);
        for (const state of stored?.states ?? []) shard.restorePoint(state);
      } catch {
        this.#shards.delete(id);
      }
    }
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Frontier of the catalogue that has been followed. */
  get frontier(): VersionVector {
    return this.#frontier;
  }

  /** The state of the collection of this name or alias. Throws `not-found`, or `unavailable` for one that is not served. */
  shard(name: string): Shard {
    const { id, name: collection } = resolveCollection(this.#catalogue, name);
    const followed = this.#shards.get(id);
    if (followed !== undefined) return followed.shard;
    throw new MurmurationError("unavailable", this.#refusal(id, collection));
  }

  shards(): Shard[] {
    return [...this.#shards.values()].map(({ shard }) => shard);
  }

  /** Follow what the writer did, in its order. */
  follow(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "catalogue") this.#followCatalogue(change);
      else if (change.kind === "published") continue;
      else if (change.kind === "quarantined") this.#quarantine(change.shard, change.refusal);
      else this.#orQuarantine(change.shard, () => this.#followInShard(change));
    }
  }

  #followInShard(change: OperationsApplied | ShardReplaced | PointsReconciled): void {
    if (change.kind === "operations") this.#followOperations(change);
    else if (change.kind === "replaced") this.#followReplacement(change);
    else this.#followReconciled(change);
  }

  /** Takes what happened that the program itself excludes. */
  takeFaults(): Fault[] {
    return this.#faults.take();
  }

  #refusal(id: string, name: string): string {
    return this.#quarantined.get(id) ?? `collection ${name} is being made again from the log`;
  }

  /** Why collections are not served, for people. */
  refusals(): string[] {
    const { collections } = this.#catalogue;
    return Object.values(collections)
      .filter(({ id }) => !this.#shards.has(id))
      .map(({ id, name }) => this.#refusal(id, name));
  }

  /** A shard that cannot be followed is not read from here on; the others are. */
  #orQuarantine(shard: string, follow: () => void): void {
    try {
      follow();
    } catch (error) {
      const collection = this.#catalogue.collections[shard]?.name ?? shard;
      this.#faults.note(`shard ${shard} cannot be followed`, error);
      this.#quarantine(
        shard,
        `collection ${collection} cannot be read before a restart: a change could not be followed`,
      );
    }
  }

  #followReplacement({ shard, graphs, nodes, causality, windows, states }: ShardReplaced): void {
    const collection = this.#shards.get(shard)?.shard.collection ?? this.#catalogue.collections[shard];
    // dropped later in the same group
    if (collection === undefined) return;
    const [knowledge, open] = [new CausalState(causality), StitchWindows.decode(windows)];
    const followed = this.#open(collection, graphs, false, knowledge, open, nodes);
    for (const { id, state } of states) followed.shard.restorePoint(decodePointState(id, state));
  }

  /** A shard cannot be followed any more. */
  #quarantine(shard: string, refusal: string): void {
    this.#shards.delete(shard);
    this.#quarantined.set(shard, refusal);
  }

  #followOperations(change: OperationsApplied): void {
    const followed = this.#shards.get(change.shard);
    // dropped later in the same group
    if (followed === undefined) return;
    for (const { origin, sequence, bytes, slots } of change.operations) {
      const operation = decodeOperation(change.shard, origin, sequence, bytes);
      if ("vectors" in operation) {
        for (const [i, vector] of operation.vectors.entries())
          followed.graphs.get(vector.name)?.tell(slots[i] as number);
      }
      followed.shard.apply(operation);
    }
    for (const [name, epoch] of change.epochs) followed.graphs.get(name)?.followedTo(epoch);
  }

  #followReconciled({ shard, states }: PointsReconciled): void {
    this.#shards.get(shard)?.shard.reconcilePoints(states.map(({ id, bytes }) => decodePointState(id, bytes)));
  }

  #followCatalogue({ delta, frontier, opened }: CatalogueChanged): void {
    const catalogue = withDelta(this.#catalogue, delta);
    this.#catalogue = catalogue;
    this.#frontier = frontier;
    for (const [id, graphs] of opened) {
      const collection = catalogue.collections[id];
      assert(collection !== undefined, "every shard has a collection");
      this.#open(collection, graphs, false);
    }
    for (const id of this.#quarantined.keys())
      if (catalogue.collections[id] === undefined) this.#quarantined.delete(id);
    for (const id of delta.dropped) this.#shards.delete(id);
    for (const collection of delta.collections) {
      const followed = this.#shards.get(collection.id);
      if (followed !== undefined) this.#orQuarantine(collection.id, () => followed.shard.describe(collection));
    }
  }

  #open(
    collection: Collection,
    handles: ReadonlyMap<string, GraphHandle>,
    isStill: boolean,
    causality?: CausalState,
    windows?: StitchWindows,
    nodes?: ReadonlyMap<string, Float64Array>,
  ): FollowedShard {
    const graphs = new Map(
      [...handles].map(([name, handle]) => [name, new FollowedGraph(handle, this.#thread, isStill, nodes?.get(name))]),
    );
    const followed = { shard: new Shard(collection, graphs, causality, windows), graphs };
    this.#shards.set(collection.id, followed);
    this.#quarantined.delete(collection.id);
    return followed;
  }
}
