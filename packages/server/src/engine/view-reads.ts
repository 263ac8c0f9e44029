import {
  countInSlices,
  type Emit,
  type NearestQuery,
  nearestInSlices,
  type PointRecord,
  type ReplicaView,
  retrieveInSlices,
  type ScoredPoint,
  type ScrolledPoint,
  type ScrollRequest,
  type Selection,
  scrollInSlices,
} from "@murmuration/core";
import { type Filter, MurmurationError, type PointId, type Sliced } from "@murmuration/index";

type Shard = ReturnType<ReplicaView["shard"]>;

/** Reads of a view that follows its replica meanwhile. */
export class ViewReads {
  readonly #view: ReplicaView;

  constructor(view: ReplicaView) {
    this.#view = view;
  }

  retrieve(name: string, ids: readonly PointId[], selection: Selection, emit: Emit<PointRecord>): Sliced<void> {
    return this.#ofNewest(
      () => this.#view.shard(name),
      (shard) => retrieveInSlices(shard, ids, selection, emit),
    );
  }

  scroll(name: string, request: ScrollRequest, emit: Emit<ScrolledPoint>): Sliced<PointId | null> {
    return this.#ofNewest(
      () => this.#view.shard(name),
      (shard) => scrollInSlices(shard, request, emit),
    );
  }

  count(name: string, filter: Filter | undefined): Sliced<number> {
    return this.#ofNewest(
      () => this.#view.shard(name),
      (shard) => countInSlices(shard, filter),
    );
  }

  query(name: string, request: NearestQuery, emit: Emit<ScoredPoint>): Sliced<void> {
    const { lookupFrom } = request;
    const lookup = () => (lookupFrom === undefined ? this.#view.shard(name) : this.#lookupShard(lookupFrom.collection));
    return this.#ofNewest(
      () => this.#view.shard(name),
      (shard) => this.#ofNewest(lookup, (from) => nearestInSlices(shard, request, emit, from)),
    );
  }

  /** A shard may be dropped, or another take its place, before the read is fixed: then it begins again. */
  *#ofNewest<T>(current: () => Shard, read: (shard: Shard) => Sliced<T>): Sliced<T> {
    for (;;) {
      const shard = current();
      const work = read(shard);
      try {
        let isFixed = false;
        let step = work.next();
        while (step.done !== true && (isFixed || step.value !== "fixed" || current() === shard)) {
          isFixed ||= step.value === "fixed";
          yield step.value;
          step = work.next();
        }
        if (step.done === true) return step.value;
      } finally {
        work.return(undefined as T);
      }
    }
  }

  #lookupShard(name: string): Shard {
    try {
      return this.#view.shard(name);
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "not-found") throw error;
      throw new MurmurationError("not-found", `Collection ${name} not found`, "lookup_from.collection");
    }
  }
}
