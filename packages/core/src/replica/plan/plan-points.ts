import {
  asMulti,
  assert,
  bindTexts,
  checkMultiSize,
  comparePointIds,
  compileDeletion,
  compilePredicate,
  denseOf,
  emptyFilter,
  type Filter,
  isDense,
  kindOfVector,
  type MultiVector,
  MurmurationError,
  type Payload,
  type PointId,
  parsePath,
  requireKind,
  type SparseVector,
  setAt,
  sparseLimits,
  textIndexesOf,
  type Vector,
} from "@murmuration/index";
import { isDenseSpace, type VectorSpace } from "../../catalogue/collection.js";
import { keyOfVector } from "../../catalogue/vector-incarnation.js";
import type { Dot } from "../../causality/dot.js";
import type { Command, FoundPoints, NamedVectors, PointCommand, PointWrite, Target } from "../../command/command.js";
import { limits } from "../../limits.js";
import { canonicalPayload } from "../../operation/canonical-payload.js";
import type { OperationBody } from "../../operation/operation.js";
import { requireEncodable } from "../../operation/vector-encoding.js";
import { isPlanted } from "../../planted.js";
import { matchingPointsNow, subjectOf } from "../../state/matching-points.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import { GroupPlan } from "./group-plan.js";
import type { Planner } from "./planner.js";

const pointWriteKinds: ReadonlySet<Command["kind"]> = new Set<PointWrite["kind"]>([
  "point-batch",
  "upsert-points",
  "delete-points",
  "set-payload",
  "overwrite-payload",
  "delete-payload",
  "clear-payload",
  "update-vectors",
  "delete-vectors",
]);

/** Is the command about points, and not about the catalogue? */
export function isPointWrite(command: Command): command is PointWrite {
  return pointWriteKinds.has(command.kind);
}

/** A batch as its commands, any other write as itself. */
export function commandsOf(write: PointWrite): readonly PointCommand[] {
  return write.kind === "point-batch" ? write.commands : [write];
}

/** The body of an operation, made when its dot is known and everything before it is applied. */
export type BodyPlanner = (dot: Dot) => OperationBody;

/** With the bug planted, entries are lost that another one of their id follows. */
function isOverwritten(points: readonly { readonly id: PointId }[], at: number): boolean {
  return isPlanted("keeps-last-entry") && points.slice(at + 1).some(({ id }) => id === points[at]?.id);
}

/**
 * The operations that a command comes to, one after the other: each is made after those before it are applied. Everything that
 * can be refused is refused before the first is returned.
 */
export function planPointCommand(
  target: WritableShard,
  command: PointCommand,
  planner: Planner,
  found?: FoundPoints,
): Iterable<BodyPlanner> {
  const { shard } = target;
  switch (command.kind) {
    case "upsert-points": {
      for (const [i, point] of command.points.entries()) checkVectors(shard, point.vectors, `points[${i}].vector`);
      const payloads = command.points.map((point, i) => canonicalPayload(point.payload, `points[${i}].payload`));
      const points = byKeys(shard, command.points);
      checkRoom(target, points);
      const writes = whichUpserts(target, command.mode, command.updateFilter, found);
      const written = points
        .map((point, i) => ({ ...point, payload: payloads[i] as Payload }))
        .filter(({ id }) => writes(id));
      const plan = new GroupPlan(target, planner, written);
      return written.map(({ id, payload }, i) => (dot: Dot) => ({
        kind: "upsert" as const,
        id,
        ...plan.vectorsAt(i, dot),
        payload,
      }));
    }
    case "update-vectors": {
      for (const [i, point] of command.points.entries()) {
        checkVectors(shard, point.vectors, `points[${i}].vector`);
        requirePoint(shard, point.id);
      }
      const points = byKeys(shard, command.points);
      checkRoom(target, points);
      const writes = whichUpserts(target, "update-only", command.updateFilter, found);
      const written = points.filter((point, i) => writes(point.id) && !isOverwritten(points, i));
      const plan = new GroupPlan(target, planner, written);
      return written.map(({ id }, i) => (dot: Dot) => ({
        kind: "update-vectors" as const,
        id,
        ...plan.vectorsAt(i, dot),
      }));
    }
    case "delete-vectors": {
      const names = [...new Set(command.vectors.map((name) => shard.keyOf(name)))];
      return inChunks(idsOf(target, command.target, true, found), (ids) => ({ kind: "delete-vectors", ids, names }));
    }
    case "delete-points":
      return inChunks(
        idsOf(target, command.target, false, found).filter((id) => shard.table.live(id) !== undefined),
        (ids) => ({ kind: "delete", ids }),
      );
    case "clear-payload":
      return inChunks(idsOf(target, command.target, false, found), (ids) => ({ kind: "clear-payload", ids }));
    case "set-payload": {
      const payload = canonicalPayload(command.payload);
      const ids = idsOf(target, command.target, true, found);
      if (command.key !== undefined) return rewriteEach(shard, ids, putAt(command.key, payload, "merge"));
      return mergeFields(ids, payload);
    }
    case "overwrite-payload": {
      const payload = canonicalPayload(command.payload);
      const ids = idsOf(target, command.target, true, found);
      if (command.key !== undefined) return rewriteEach(shard, ids, putAt(command.key, payload, "replace"));
      return inChunks(ids, (chunk) => ({ kind: "overwrite-payload", ids: chunk, payload }));
    }
    case "delete-payload": {
      const paths = command.keys.map((key) => parsePath(key, "keys"));
      const ids = idsOf(target, command.target, true, found);
      return rewriteEach(shard, ids, compileDeletion(paths));
    }
  }
}

function inChunks(ids: readonly PointId[], body: (ids: readonly PointId[]) => OperationBody): BodyPlanner[] {
  const planners: BodyPlanner[] = [];
  for (let from = 0; from < ids.length; from += limits.idsPerOperationMax) {
    const chunk = ids.slice(from, from + limits.idsPerOperationMax);
    planners.push(() => body(chunk));
  }
  return planners;
}

/** Merging top-level fields: those given as null are deleted, as in the dialect. */
function mergeFields(ids: readonly PointId[], payload: Payload): BodyPlanner[] {
  const gone = Object.keys(payload).filter((field) => payload[field] === null);
  const fields = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== null));
  return [
    ...(Object.keys(fields).length === 0
      ? []
      : inChunks(ids, (chunk) => ({ kind: "set-payload", ids: chunk, fields }))),
    ...(gone.length === 0 ? [] : inChunks(ids, (chunk) => ({ kind: "delete-payload", ids: chunk, fields: gone }))),
  ];
}

function putAt(key: string, patch: Payload, mode: "merge" | "replace"): (payload: Payload) => Payload {
  const path = parsePath(key, "key");
  return (payload) => setAt(payload, path, patch, mode);
}

/**
 * A change below the top level is made here, where the payload is at hand, and travels as the top-level fields that it changed: fields
 * are what is merged between replicas.
 */
function rewriteEach(shard: Shard, ids: readonly PointId[], rewrite: (payload: Payload) => Payload): BodyPlanner[] {
  return ids.flatMap((id) => {
    const before = shard.table.live(id)?.payload;
    assert(before !== undefined, "only live points are rewritten");
    const after = rewrite(before);
    const fields = Object.fromEntries(
      Object.entries(after).filter(([field, value]) => !Object.is(before[field], value)),
    );
    const gone = Object.keys(before).filter((field) => !Object.hasOwn(after, field));
    return [
      ...(Object.keys(fields).length === 0 ? [] : [() => ({ kind: "set-payload" as const, ids: [id], fields })]),
      ...(gone.length === 0 ? [] : [() => ({ kind: "delete-payload" as const, ids: [id], fields: gone })]),
    ];
  });
}

/** Ids of a target without repetition. `required`: an id that does not exist is `not-found`. */
function idsOf(target: WritableShard, named: Target, required: boolean, found: FoundPoints | undefined): PointId[] {
  if ("filter" in named) {
    return found === undefined ? matchingPointsNow(target, named.filter) : matchingFound(target, named.filter, found);
  }
  const { shard } = target;
  const ids = [...new Set(named.ids)];
  if (!required) return ids.filter((id) => shard.table.live(id) !== undefined);
  for (const id of ids) requirePoint(shard, id);
  return ids;
}

/**
 * The points that were found, but for those that were written since, by commands of before in the group too: about these the filter is asked
 * again. Ascending.
 */
function matchingFound(target: WritableShard, filter: Filter, { ids, doubtful }: FoundPoints): PointId[] {
  const asked = new Set([...doubtful, ...target.rows.noted]);
  const kept = [...ids].filter((id) => !asked.has(id));
  return asked.size === 0 ? kept : [...kept, ...matchingAmong(target, filter, [...asked])].sort(comparePointIds);
}

/** Which of these points satisfy a filter now. */
function matchingAmong(target: WritableShard, filter: Filter, ids: readonly PointId[]): PointId[] {
  const must = [{ kind: "has-id", ids } as const, { kind: "filter", filter } as const];
  return matchingPointsNow(target, { ...emptyFilter, must });
}

function requirePoint(shard: Shard, id: PointId): void {
  if (shard.table.live(id) === undefined)
    throw new MurmurationError("not-found", `No point with id ${id} found`, "points");
}

/** Which points an upsert writes, as of when it is planned. */
function whichUpserts(
  target: WritableShard,
  mode: "upsert" | "insert-only" | "update-only",
  filter: Filter | undefined,
  found: FoundPoints | undefined,
): (id: PointId) => boolean {
  const matching =
    found === undefined || filter === undefined ? undefined : new Set(matchingFound(target, filter, found));
  const texts = textIndexesOf(target.shard.collection.payloadIndexes);
  const matches = filter === undefined ? undefined : compilePredicate(bindTexts(filter, texts));
  return (id) => {
    const state = target.shard.table.live(id);
    if (state === undefined) return mode !== "update-only";
    if (mode === "insert-only") return false;
    if (matching !== undefined) return matching.has(id);
    return matches === undefined || matches(subjectOf(target.shard, state));
  };
}

function spaceOf(shard: Shard, name: string): VectorSpace {
  shard.keyOf(name);
  return shard.collection.vectors[name] as VectorSpace;
}

/** The same points with their vectors by what the shard calls them. */
function byKeys<Point extends { readonly vectors: NamedVectors }>(
  { collection }: Shard,
  points: readonly Point[],
): readonly Point[] {
  if (collection.vectorKeys === undefined) return points;
  return points.map((point) => {
    const named = Object.entries(point.vectors);
    return { ...point, vectors: Object.fromEntries(named.map(([name, one]) => [keyOfVector(collection, name), one])) };
  });
}

function checkVectors(shard: Shard, vectors: NamedVectors, field: string): void {
  for (const [name, vector] of Object.entries(vectors)) {
    const space = spaceOf(shard, name);
    requireKind(kindOfVector(vector), isDenseSpace(space) ? "dense" : space.kind, field);
    if (!isDenseSpace(space)) {
      if (!isDense(vector) && vector.kind === "sparse") checkSparse(vector, field);
      else checkMulti(asMulti(vector), space.size ?? 0, field);
      continue;
    }
    const values = denseOf(vector);
    const { size, distance, encoding } = space;
    if (values.length !== size) {
      throw new MurmurationError(
        "wrong-input",
        `Vector dimension error: expected dim: ${size}, got ${values.length}`,
        field,
      );
    }
    if (!values.every(Number.isFinite))
      throw new MurmurationError("format", "a vector holds a value that is not finite", field);
    // of unit length, no value is out of range
    if (encoding !== undefined && distance !== "Cosine") requireEncodable(values, encoding, field);
  }
}

function checkSparse({ values }: SparseVector, field: string): void {
  if (values.length > sparseLimits.valuesMax) {
    const problem = `a sparse vector has at most ${sparseLimits.valuesMax} values, got ${values.length}`;
    throw new MurmurationError("validation", problem, field);
  }
  if (!values.every(Number.isFinite))
    throw new MurmurationError("format", "a vector holds a value that is not finite", field);
}

function checkMulti({ dimensions, values }: MultiVector, size: number, field: string): void {
  if (dimensions !== size) {
    const problem = `Vector dimension error: expected dim: ${size}, got ${dimensions}`;
    throw new MurmurationError("wrong-input", problem, field);
  }
  checkMultiSize(values.length, field);
  if (!values.every(Number.isFinite))
    throw new MurmurationError("format", "a vector holds a value that is not finite", field);
}

function checkRoom(target: WritableShard, points: readonly { readonly vectors: NamedVectors }[]): void {
  for (const [name, index] of target.indexes) {
    const wanted = points.flatMap(({ vectors }) => (Object.hasOwn(vectors, name) ? [vectors[name] as Vector] : []));
    if (wanted.length > 0) index.requireRoomFor(wanted);
  }
}
