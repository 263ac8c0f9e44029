import { type GraphDelta, MurmurationError, type PointId } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { graphsOfVector, isBuilding } from "../catalogue/vector-graphs.js";
import { isDeadVector } from "../catalogue/vector-incarnation.js";
import type { Dot } from "../causality/dot.js";
import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { vectorOfGraph } from "../operation/graph-key.js";
import { dotOf, type Operation } from "../operation/operation.js";
import type { KeptVector, VectorVersion } from "../operation/vector-version.js";
import { isPlanted } from "../planted.js";
import type { CausalState } from "./causal-state.js";
import { type Journal, takeBack } from "./journal.js";
import { type PointState, updatePointVectors, upsertPoint, visibleDot, type Write } from "./point-state.js";
import type { PointTable } from "./point-table.js";
import type { ShardGraph } from "./shard-graph.js";

/** What an operation is checked against. */
export interface CheckedState {
  readonly id: string;
  readonly collection: Collection;
  readonly graphs: ReadonlyMap<string, ShardGraph>;
  readonly table: PointTable;
  readonly causality: CausalState;
}

/**
 * Throws when `Shard.apply` could not apply this operation whole: `corrupt` for one that does not fit the state, `capacity` when its graph
 * has no room for it. Reads only. After this, applying it fails for a broken invariant alone.
 */
export function checkOperation(state: CheckedState, operation: Operation): void {
  const { causality } = state;
  const next = sequenceOf(causality.frontier, operation.origin) + 1;
  if (operation.sequence !== next) refuse(operation, `the next one of its origin is ${next}`);
  const past = causality.pastOf(operation);
  const journal: Journal = [];
  if (isPlanted("frontier-before-check")) causality.advance(operation, journal);
  checkOnGraphs(state, operation, past, () => true);
  if ("kept" in operation) checkKept(state, operation);
  takeBack(journal);
}

/** The same for what an operation with this causal past does to the graphs for which `wanted` holds. */
export function checkOnGraphs(
  { id, collection, graphs }: Pick<CheckedState, "id" | "collection" | "graphs">,
  operation: Operation,
  past: VersionVector,
  wanted: (vector: string) => boolean,
): void {
  if (operation.shard !== id) refuse(operation, `it is not for shard ${id}`);
  if (operation.kind === "catalogue") refuse(operation, "the catalogue is the system shard's");
  const has = (vector: string) => {
    if (graphs.has(vector)) return true;
    // one that was dropped since it was written, or lost its name: what is said of it is nobody's any more
    if (isDeadVector(collection, vector) || isPlanted("vectors-not-awaited")) return false;
    return refuse(operation, `there is no vector "${vector}"`);
  };
  const graphOf = (vector: string) => graphs.get(vector) as ShardGraph;
  const isHere = (vector: string) => {
    // what is written for a graph that is not served yet comes when it is: see `Intake`
    if (isBuilding(collection, vector)) refuse(operation, `the graph "${vector}" does not serve yet`);
    return has(vector) || graphsOfVector(collection, graphs, vector).length > 0;
  };
  if ("vectors" in operation) {
    const names = [...operation.vectors, ...operation.kept].map(({ name }) => vectorOfGraph(name));
    if (new Set(names).size < names.length) refuse(operation, "it names a vector twice");
    for (const vector of operation.vectors) {
      const { name, values } = vector;
      if (!isHere(name)) continue;
      for (const key of graphsOfVector(collection, graphs, name)) {
        const graph = graphOf(key);
        graph.checkVector(values, name);
        if (wanted(key)) graph.checkInsert(dotOf(operation), values, deltaFor(graph, key, vector, operation), past);
      }
    }
  }
  if (operation.kind === "edges" && has(operation.vector)) {
    const graph = graphOf(operation.vector);
    if (wanted(operation.vector)) graph.checkEdges(operation.deltas, past);
  }
  if (operation.kind === "delete-vectors") for (const name of operation.names) isHere(name);
  if (operation.kind === "purge" && isHere(operation.vector)) {
    for (const key of graphsOfVector(collection, graphs, operation.vector)) if (wanted(key)) graphOf(key).checkPurge();
  }
}

/**
 * What an insert links in one of the graphs of its vector: what it says in the graph that it was written for, and nothing in any other, where whoever
 * makes that graph, or owns the node, sees to it.
 */
export function deltaFor(
  graph: ShardGraph,
  key: string,
  { name, delta }: VectorVersion,
  { origin, sequence }: Operation,
): GraphDelta {
  if (key === name || graph.links === undefined) return delta;
  return graph.links.unlinked({ origin, sequence });
}

type Keeping = Extract<Operation, { readonly kept: readonly KeptVector[] }>;

/** The vectors that a point keeps, and those that it would show, are in the graphs. */
function checkKept({ collection, graphs, table }: CheckedState, operation: Keeping): void {
  if (isPlanted("takes-kept-unseen")) return;
  for (const { name, dot } of operation.kept) {
    const [key = name] = graphsOfVector(collection, graphs, name);
    const graph = graphs.get(key);
    if (graph === undefined) {
      if (!isDeadVector(collection, name) && !isPlanted("vectors-not-awaited"))
        refuse(operation, `there is no vector "${name}"`);
      continue;
    }
    if (graph.slotOf(dot) === undefined) refuse(operation, `vector "${name}" of ${nameOf(dot)} is not here`);
  }
  const before = table.state(operation.id);
  // a new point shows what the operation brings, and nothing else
  if (before === undefined && operation.kept.length === 0) return;
  const next = stateAfter(before, operation);
  for (const [name, graph] of graphs) {
    const dot = visibleDot(next, name);
    const isShown = before?.exists === true && isSame(visibleDot(before, name), dot);
    // one that is shown already may have been purged while it was (see Shard)
    if (dot === undefined || isShown || isSame(dot, dotOf(operation))) continue;
    const slot = graph.slotOf(dot);
    if (slot === undefined) refuse(operation, `vector "${name}" of ${nameOf(dot)} is not here`);
    if (graph.reader.isCondemned(slot)) refuse(operation, `vector "${name}" of ${nameOf(dot)} is dead for good`);
  }
}

/** What an operation that gives a point vectors makes of it. */
function stateAfter(state: PointState | undefined, operation: Keeping): PointState | undefined {
  const { origin, sequence, time, kept } = operation;
  const write: Write = { stamp: { time, origin }, sequence };
  const vectors = operation.vectors.map(({ name }) => name);
  if (operation.kind === "upsert") {
    const { id, payload }: { readonly id: PointId } & Pick<PointState, "payload"> = operation;
    return upsertPoint(state, write, { id, vectors, kept, payload });
  }
  return state === undefined ? undefined : updatePointVectors(state, write, vectors, kept);
}

const isSame = (a: Dot | undefined, b: Dot | undefined) => a?.origin === b?.origin && a?.sequence === b?.sequence;
const nameOf = ({ origin, sequence }: Dot) => `${origin}:${sequence}`;

function refuse({ kind, origin, sequence, shard }: Operation, why: string): never {
  throw new MurmurationError("corrupt", `operation ${origin}:${sequence} (${kind}) of shard ${shard}: ${why}`);
}
