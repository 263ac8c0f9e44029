import { MurmurationError } from "../errors.js";
import type { Filter } from "../filter/condition.js";
import type { PointId } from "../point/point-id.js";
import { rowsPerCallMax } from "../segment/reader.js";
import type { Sliced } from "../sliced.js";
import { isDense } from "../vector/vector.js";
import { type RecordedWalk, WalkRecorder, type WalkStep } from "../vector-index/walk-recorder.js";
import { matchingRows } from "./matching.js";
import { targetOf, visibilityIn } from "./nearest.js";
import type { SearchParameters } from "./query.js";
import type { QueryTarget } from "./query-node.js";
import { type ReadView, spaceOf, type Views, viewAt } from "./read-view.js";
import { scoreOf } from "./scores.js";
import type { SpaceReader } from "./space-reader.js";

/** A query whose walk through the graph is told. */
export interface WalkQuery {
  readonly target: QueryTarget;
  readonly using: string;
  readonly limit: number;
  readonly parameters: SearchParameters;
  readonly filter?: Filter;
}

/** A node that the walks met. */
export interface WalkNode {
  /** `null`: it is of no point that is shown now; it is dead, or newer. */
  readonly id: PointId | null;
  /** `origin:sequence` of the operation that inserted it. */
  readonly dot: string;
  readonly level: number;
  readonly dead: boolean;
  /** As the walk compares; of codes it is near the exact one. */
  readonly distance: number;
}

/** A step, with places among the nodes in place of slots. */
export type ToldStep = WalkStep<number>;

/** A walk, as it is told. */
export interface ToldWalk extends Omit<RecordedWalk, "plan" | "steps"> {
  /** Candidates that are ranked again by exact distances; 0: none are. */
  readonly ranked: number;
  readonly steps: readonly ToldStep[];
}

/** How a search came to its answer. */
export interface WalkTold {
  readonly nodes: readonly WalkNode[];
  /** None: all points that match were compared, which is cheaper, or asked for. Two: the first one met too few that match. */
  readonly walks: readonly ToldWalk[];
  /** Were all that match compared in the end? */
  readonly isExact: boolean;
  /** Were there more steps than are told? */
  readonly isCut: boolean;
  readonly found: readonly { readonly id: PointId; readonly score: number; readonly node: number | undefined }[];
  readonly isSettled: boolean;
}

/** Numbers the nodes that walks met, in the order in which they did. */
class Nodes {
  readonly places = new Map<number, number>();
  readonly distances: number[] = [];

  placeOf(slot: number, distance: number): number {
    const known = this.places.get(slot);
    if (known !== undefined) return known;
    const place = this.places.size;
    this.places.set(slot, place);
    this.distances.push(distance);
    return place;
  }

  told(view: ReadView, { graph, number }: SpaceReader): WalkNode[] {
    const slots = Uint32Array.from(this.places.keys());
    const nodes: WalkNode[] = [];
    for (let from = 0; from < slots.length; from += rowsPerCallMax) {
      const some = slots.subarray(from, from + rowsPerCallMax);
      const rows = view.points.segment.rowsAtSlots(number, some, view.points.epoch).slice();
      for (const [i, slot] of some.entries()) {
        const row = rows[i] as number;
        const { origin, sequence } = graph.dotAt(slot);
        const { level, dead } = graph.nodeAt(slot);
        const id = row === 0 ? null : view.points.idAt(row);
        const distance = graph.walkDistance(this.distances[from + i] as number);
        nodes.push({ id, dot: `${origin}:${sequence}`, level, dead, distance });
      }
    }
    return nodes;
  }
}

function toldWalk(walk: RecordedWalk, nodes: Nodes, graph: SpaceReader["graph"]): ToldWalk {
  const { ef, plan, stepsTaken, compared, candidates } = walk;
  const steps = walk.steps.map((step): ToldStep => {
    const { kind, level, pool } = step;
    const looked = step.looked.map(({ slot, distance }) => nodes.placeOf(slot, distance));
    // what is expanded was looked at before
    const placed = (slots: readonly number[]) =>
      slots.map((slot) => nodes.places.get(slot)).filter((place) => place !== undefined);
    const farthest = graph.walkDistance(step.farthest);
    return { kind, level, expanded: placed(step.expanded), looked, kept: placed(step.kept), pool, farthest };
  });
  return { ef, ranked: plan.depth, steps, stepsTaken, compared, candidates };
}

/** The error where something is asked of a graph that vectors of another kind do not have. */
export function withoutGraph({ name, kind }: SpaceReader): MurmurationError {
  return new MurmurationError(
    "wrong-input",
    `the vector "${name}" is ${kind}: it has no graph and is searched exactly`,
    "using",
  );
}

/**
 * The walk of a nearest-neighbour query, by the code that answers queries, step by step. Throws `wrong-input` for a space without a graph, and what
 * a query throws.
 */
export function* recordWalk(views: Views, query: WalkQuery): Sliced<WalkTold> {
  const view = viewAt(views, 0);
  const { using, limit, parameters } = query;
  const space = spaceOf(view, using);
  const { vector, slot: excluded } = targetOf(view, space, query.target, views);
  const matching = query.filter === undefined ? undefined : yield* matchingRows(view, query.filter);
  if (!isDense(vector)) throw withoutGraph(space);
  const { graph, metric } = space;
  const { changes } = view.graphs[space.number] as ReadView["graphs"][number];
  const wanted = limit + (excluded === undefined ? 0 : 1);
  const recorder = new WalkRecorder();
  const visibility = visibilityIn(view, space, matching);
  const options = { ...parameters, limit: wanted, allEntries: view.allEntries };
  const work = graph.searchVisible(vector, options, visibility, recorder);
  try {
    // walks are made whole in the first slice; what they met is told of before anything changes
    let step = work.next();
    const isSettled = graph.changes === changes;
    const nodes = new Nodes();
    const walks = recorder.walks.map((walk) => toldWalk(walk, nodes, graph));
    const told = nodes.told(view, space);
    for (; step.done !== true; step = work.next()) yield step.value;
    const { slots, distances, roots } = step.value;
    const rows = view.points.rowsAtSlots(space.number, slots);
    const found: WalkTold["found"][number][] = [];
    for (const [i, slot] of slots.entries()) {
      if (slot === excluded || found.length === limit) continue;
      const score = scoreOf(distances[i] as number, metric, roots?.[i]);
      found.push({ id: view.points.idAt(rows[i] as number), score, node: nodes.places.get(slot) });
    }
    const { comparesAll: isExact, isCut } = recorder;
    return { nodes: told, walks, isExact, isCut, found, isSettled };
  } finally {
    work.return(undefined as never);
  }
}
