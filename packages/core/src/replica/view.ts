import { assert, type GraphHandle } from "@murmuration/index";
import type { Catalogue, Collection } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { emptyVersionVector, type VersionVector } from "../causality/version-vector.js";
import { StitchWindows } from "../gossip/windows.js";
import type { OpLog } from "../log/op-log.js";
import { decodeOperation } from "../operation/codec.js";
import { CausalState } from "../state/causal-state.js";
import type { PointState } from "../state/point-state.js";
import { decodePointState } from "../state/point-state-codec.js";
import { Shard } from "../state/shard.js";
import { FollowedGraph } from "../state/shard-graph.js";
import type { CatalogueChanged, Change, OperationsApplied, PointsReconciled, ShardReplaced } from "./change.js";
import { recoverCausality, SYSTEM_SHARD } from "./recovery.js";

interface FollowedShard {
  readonly shard: Shard;
  readonly graphs: ReadonlyMap<string, FollowedGraph>;
}

type Handles = ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;

/** The stored points of every shard of a log, with the frontiers that they stand at. */
export type StoredPoints = ReadonlyMap<
  string,
  { readonly causality: CausalState; readonly windows: StitchWindows; readonly states: readonly PointState[] }
>;

/** Read the points that a view starts from; while its replica recovers, which writes none. */
export function readStoredPoints(log: OpLog): StoredPoints {
  return new Map(
    log.shards().map((shard) => {
      const states = Array.from(log.points(shard), ({ id, state }) => decodePointState(id, state));
      return [shard, { ...recoverCausality(log, shard), states }];
    }),
  );
}

/**
 * A replica's state as another thread reads it: points of its own, kept up by applying the same operations, and graphs shared with the
 * writer. What it answers is exactly what it has followed so far: nothing of an operation shows before the operation is durable.
 */
export class ReplicaView {
  readonly #thread: number;
  readonly #shards = new Map<string, FollowedShard>();
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
    this.#frontier = options.points.get(SYSTEM_SHARD)?.causality.frontier ?? emptyVersionVector;
    for (const [id, graphs] of options.handles) {
      const collection = options.catalogue.collections[id];
      assert(collection !== undefined, "every shard has a collection");
      const stored = options.points.get(id);
      const { shard } = this.#open(collection, graphs, true, stored?.causality, stored?.windows);
      for (const state of stored?.states ?? []) shard.restorePoint(state);
    }
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Frontier of the catalogue that has been followed. */
  get frontier(): VersionVector {
    return this.#frontier;
  }

  /** The state of the collection of this name or alias. Throws `not-found`. */
  shard(name: string): Shard {
    const followed = this.#shards.get(resolveCollection(this.#catalogue, name).id);
    assert(followed !== undefined, "every collection has a shard");
    return followed.shard;
  }

  shards(): Shard[] {
    return [...this.#shards.values()].map(({ shard }) => shard);
  }

  /** Follow what the writer did, in its order. */
  follow(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "operations") this.#followOperations(change);
      else if (change.kind === "replaced") this.#followReplacement(change);
      else if (change.kind === "reconciled") this.#followReconciled(change);
      else this.#followCatalogue(change);
    }
  }

  #followReplacement({ shard, graphs, nodes, causality, windows, states }: ShardReplaced): void {
    const before = this.#shards.get(shard);
    // dropped later in the same group
    if (before === undefined) return;
    const { collection } = before.shard;
    const [knowledge, open] = [new CausalState(causality), StitchWindows.decode(windows)];
    const followed = this.#open(collection, graphs, false, knowledge, open, nodes);
    for (const { id, state } of states) followed.shard.restorePoint(decodePointState(id, state));
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

  #followCatalogue({ catalogue, frontier, opened }: CatalogueChanged): void {
    this.#catalogue = catalogue;
    this.#frontier = frontier;
    for (const [id, graphs] of opened) {
      const collection = catalogue.collections[id];
      assert(collection !== undefined, "every shard has a collection");
      this.#open(collection, graphs, false);
    }
    for (const [id, { shard }] of this.#shards) {
      const collection = catalogue.collections[id];
      if (collection === undefined) this.#shards.delete(id);
      else shard.describe(collection);
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
    return followed;
  }
}
