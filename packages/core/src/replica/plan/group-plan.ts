import {
  asMulti,
  assert,
  canonicalMulti,
  canonicalVector,
  type DenseSpace,
  type DenseVector,
  denseOf,
  type GraphDelta,
  type InsertCandidates,
  insertedSinceMax,
  isDense,
  MurmurationError,
  type PointId,
  type Space,
  sameVector,
  type Vector,
} from "@murmuration/index";
import { isDenseSpace, type VectorSpace } from "../../catalogue/collection.js";
import { spaceOfKey } from "../../catalogue/vector-incarnation.js";
import { travelsAs } from "../../catalogue/vector-space.js";
import type { Dot } from "../../causality/dot.js";
import type { NamedVectors } from "../../command/command.js";
import { mark } from "../../marks.js";
import { throughEncoding } from "../../operation/vector-encoding.js";
import type { KeptVector, VectorVersion } from "../../operation/vector-version.js";
import { isPlanted } from "../../planted.js";
import { graphOptions, metricOf } from "../../state/open-shard.js";
import { visibleDot } from "../../state/point-state.js";
import type { Shard } from "../../state/shard.js";
import type { PlannedInsert, Planner } from "./planner.js";

/** A point of a command, with the vectors that it is given. */
interface GivenPoint {
  readonly id: PointId;
  readonly vectors: NamedVectors;
}

/** What was found for a group, in one graph. */
interface Group {
  /** Place behind its last point. */
  readonly end: number;
  /** By place. */
  readonly found: ReadonlyMap<number, { readonly dot: Dot; readonly candidates: InsertCandidates }>;
  /** Dots of the vectors that were planned since. */
  readonly planned: Dot[];
  /** Slots of those that are applied. */
  readonly since: number[];
  /** Vectors as they will be stored, by place. */
  readonly values: ReadonlyMap<number, DenseVector>;
}

const nothingFound: Group = { end: 0, found: new Map(), planned: [], since: [], values: new Map() };

/**
 * The plans of a command's vectors. They are found in groups: the walks of a group's vectors are made against the graph as it stands, on as
 * many threads as there are; the deltas are decided one after the other, each when those before it are applied, among what its walk has
 * found and the members of the group that the walk could not see. So a delta says what one that was planned alone would say, but
 * for what a walk over the later graph would have met by way of the group's own links.
 */
export class GroupPlan {
  readonly #shard: Shard;
  readonly #indexes: ReadonlyMap<string, Space>;
  readonly #planner: Planner;
  readonly #points: readonly GivenPoint[];
  readonly #groups = new Map<string, Group>();

  /** Each of the points becomes one operation, in order. Their vectors, by the keys that the shard has for them, were checked. */
  constructor(
    target: { readonly shard: Shard; readonly indexes: ReadonlyMap<string, Space> },
    planner: Planner,
    points: readonly GivenPoint[],
  ) {
    assert(planner.groupSize <= insertedSinceMax, "a group's members have room");
    this.#shard = target.shard;
    this.#indexes = target.indexes;
    this.#planner = planner;
    this.#points = points;
  }

  /** New versions of the vectors of the point at a place, and those it keeps because they are equal. Everything before it is applied. */
  vectorsAt(
    at: number,
    dot: Dot,
  ): { readonly vectors: readonly VectorVersion[]; readonly kept: readonly KeptVector[] } {
    const vectors: VectorVersion[] = [];
    const kept: KeptVector[] = [];
    const { id, vectors: given } = this.#points[at] as GivenPoint;
    for (const name of Object.keys(given).sort()) {
      const values = this.#groups.get(name)?.values.get(at) ?? this.#stored(at, name);
      const current = this.#keeps(id, name, values);
      if (current !== undefined) {
        kept.push({ name, dot: current });
        continue;
      }
      const space = this.#spaceOf(name);
      const encoding = travelsAs(space);
      const delta = this.#deltaAt(at, name, dot, values);
      vectors.push({ name, values, delta, ...(encoding === undefined ? {} : { encoding }) });
    }
    return { vectors, kept };
  }

  #deltaAt(at: number, name: string, dot: Dot, values: Vector): GraphDelta {
    const index = this.#indexOf(name);
    if (index.kind !== "dense" || !isDense(values)) return index.plan(dot, values);
    if (this.#planner.groupSize === 1 || this.#points.length === 1) return index.plan(dot, values);
    let group = this.#groups.get(name) ?? nothingFound;
    if (at >= group.end) {
      group = this.#find(at, name, dot, values, index);
      this.#groups.set(name, group);
    }
    const { planned, since } = group;
    while (since.length < planned.length) {
      const slot = index.slotOf(planned[since.length] as Dot);
      assert(slot !== undefined, "what was planned before is applied");
      since.push(slot);
    }
    planned.push(dot);
    const own = group.found.get(at);
    // a point that was thought to keep its vector, or an operation that got another name
    if (own === undefined || own.dot.sequence !== dot.sequence) return index.plan(dot, values);
    if (since.length > 0) mark("planned in a group");
    return index.inserts.planAmong(dot, values, own.candidates, isPlanted("group-unseen") ? [] : since);
  }

  /** Find candidates for the vectors of this name from a place on, whose operation has this dot. */
  #find(from: number, name: string, { origin, sequence }: Dot, first: DenseVector, index: DenseSpace): Group {
    const end = Math.min(from + this.#planner.groupSize, this.#points.length);
    const values = new Map([[from, first]]);
    const inserts = new Map<number, PlannedInsert>();
    for (let at = from; at < end; at++) {
      const { id, vectors } = this.#points[at] as GivenPoint;
      if (!Object.hasOwn(vectors, name)) continue;
      const stored = values.get(at) ?? denseOf(this.#stored(at, name));
      values.set(at, stored);
      if (at > from && this.#keeps(id, name, stored) !== undefined) continue;
      inserts.set(at, { dot: { origin, sequence: sequence + at - from }, values: stored });
    }
    const all = keptIfPlanted(index, this.#planner.candidates(index, [...inserts.values()]));
    const found = [...inserts].flatMap(([at, { dot }], i) => {
      const candidates = all[i];
      return candidates === undefined ? [] : [[at, { dot, candidates }] as const];
    });
    return { end, found: new Map(found), planned: [], since: [], values };
  }

  /** The dot of the vector that a point has already, bit for bit. */
  #keeps(id: PointId, name: string, values: Vector): Dot | undefined {
    const index = this.#indexOf(name);
    const current = visibleDot(this.#shard.table.live(id), name);
    const slot = current === undefined ? undefined : index.slotOf(current);
    return slot !== undefined && isStored(index, slot, values) ? current : undefined;
  }

  /** The vector of a point as it will be stored. */
  #stored(at: number, name: string): Vector {
    const given = (this.#points[at] as GivenPoint).vectors[name] as Vector;
    const space = this.#spaceOf(name);
    if (!isDense(given) && given.kind === "sparse") return given;
    if (space.kind === "multi") return canonicalMulti(asMulti(given), metricOf(space));
    assert(isDenseSpace(space), "kinds of vectors were checked");
    const { metric } = graphOptions(space);
    if (space.encoding === "u8") return canonicalVector(throughEncoding(denseOf(given), "u8"), metric);
    const canonical = canonicalVector(denseOf(given), metric);
    return space.encoding === undefined ? canonical : throughEncoding(canonical, space.encoding);
  }

  #indexOf(name: string): Space {
    const index = this.#indexes.get(name);
    assert(index !== undefined, "vector names were checked");
    return index;
  }

  #spaceOf(name: string): VectorSpace {
    const { collection } = this.#shard;
    return (spaceOfKey(collection, name) ?? assert(false, "vector names were checked")) as VectorSpace;
  }
}

const KEPT_FROM = 16;
/** What was found first in a graph with some nodes. */
const firstFound = new WeakMap<DenseSpace, readonly (InsertCandidates | undefined)[]>();

/** With the bug planted, what was found once is used ever after. */
function keptIfPlanted(
  index: DenseSpace,
  found: readonly (InsertCandidates | undefined)[],
): readonly (InsertCandidates | undefined)[] {
  if (!isPlanted("plans-kept")) return found;
  const kept = firstFound.get(index);
  if (kept === undefined && index.reader.linkedCount > KEPT_FROM) firstFound.set(index, found);
  return kept ?? found;
}

/** Is this the vector at a slot? One that cannot be read is written again. */
function isStored({ reader }: Space, slot: number, values: Vector): boolean {
  try {
    return sameVector(reader.vectorAt(slot), values);
  } catch (error) {
    if (error instanceof MurmurationError) return false;
    throw error;
  }
}
