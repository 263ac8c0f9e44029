import { canonicalInteger } from "../payload/number.js";
import { type JsonPath, parsePath, valuesAt } from "../payload/path.js";
import { parsePayload } from "../payload/payload-text.js";
import { toPointId } from "../point/point-id.js";
import { RowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { type QueryOutcome, rank } from "./execute.js";
import type { Emit, GroupsQuery, PointGroup } from "./query.js";
import { type Ranked, settledTogether } from "./ranked.js";
import { type ReadView, type Views, viewAt } from "./read-view.js";
import { RecordReader } from "./records.js";

/** So many points are ranked at first for each that an answer has room for, and at least. */
const POINTS_PER_PLACE = 2;
const POINTS_MIN = 64;
/** And so many times more in each further round. */
const GROWTH = 4;
/** Bytes of a payload that is read and parsed, for each step. */
const STEPS_PER_PAYLOAD = 64;

type GroupId = string | number | bigint;

interface Hit {
  readonly row: number;
  readonly score: number;
  readonly orderValue: number | bigint | undefined;
}

/** What a point is grouped by: strings and integers, each once. */
function groupIdsAt({ points }: ReadView, path: JsonPath, row: number): Set<GroupId> {
  const ids = new Set<GroupId>();
  for (const value of valuesAt(points.readPayload(row, parsePayload), path)) {
    const id = typeof value === "string" ? value : canonicalInteger(value);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Groups in the order of their first points. */
class Groups {
  readonly hits = new Map<GroupId, Hit[]>();
  readonly #query: GroupsQuery;

  constructor(query: GroupsQuery) {
    this.#query = query;
  }

  get areFull(): boolean {
    const { groupSize, limit } = this.#query;
    if (this.hits.size < limit) return false;
    for (const { length } of this.hits.values()) if (length < groupSize) return false;
    return true;
  }

  add(id: GroupId, hit: Hit): void {
    const { groupSize, limit } = this.#query;
    const hits = this.hits.get(id);
    if (hits === undefined) {
      if (this.hits.size < limit) this.hits.set(id, [hit]);
    } else if (hits.length < groupSize && !(hit.orderValue !== undefined && hits.some(({ row }) => row === hit.row))) {
      hits.push(hit);
    }
  }

  /** Ids of the groups that have room, or that have none. */
  idsOf(which: "open" | "full"): GroupId[] {
    const isFull = (hits: readonly Hit[]) => hits.length === this.#query.groupSize;
    return [...this.hits].filter(([, hits]) => isFull(hits) === (which === "full")).map(([id]) => id);
  }

  get isComplete(): boolean {
    return this.hits.size === this.#query.limit;
  }
}

/** Takes rows away of which an index says that they are in no group that has room. */
function* leaveFull(
  { points }: ReadView,
  { groupBy }: GroupsQuery,
  groups: Groups,
  left: RowSet,
  meter: Meter,
): Sliced<void> {
  const { equality, presence } = points.accessTo(groupBy) ?? {};
  if (equality === undefined || presence === undefined) return;
  const ids = groups.idsOf(groups.isComplete ? "open" : "full").filter((id) => equality.holds(id));
  if (groups.isComplete) {
    // a value that the index does not hold stands in rows that it does not find
    if (ids.length === groups.idsOf("open").length) left.and(yield* equality.rowsMatching(ids, meter));
    return;
  }
  const rows = (yield* equality.rowsMatching(ids, meter)).clone();
  rows.andNot(yield* presence.rowsIn("several", meter));
  rows.andNot(yield* presence.rowsIn("other", meter));
  left.andNot(rows);
}

/** Are points looked for one after the other, so that more of them are the next best? */
function isOpenEnded({ node, prefetch = [] }: GroupsQuery): boolean {
  return prefetch.length === 0 && node.kind !== "mmr" && node.kind !== "sample";
}

/**
 * Points that a query finds, in groups: the best ones first, in each its best points. They are ranked in rounds of ever more points, each without
 * those that were there before, until all groups are full or there are no more points. Points without a string or an integer at the path are
 * left out; one with several is in several groups.
 */
export function* groups(views: Views, query: GroupsQuery, emit: Emit<PointGroup>): Sliced<QueryOutcome> {
  const view = viewAt(views, 0);
  const path = parsePath(query.groupBy, "group_by");
  const records = new RecordReader(view, query.selection);
  const found = new Groups(query);
  const ranked: Ranked[] = [];
  const meter = new Meter();
  const most = view.points.size + 1;
  const atFirst = Math.max(POINTS_MIN, query.limit * query.groupSize * POINTS_PER_PLACE);
  const isOnce = !isOpenEnded(query);
  let left: RowSet | undefined;
  for (let limit = Math.min(most, atFirst); ; limit = Math.min(most, limit * GROWTH)) {
    const round = yield* rank(views, { ...query, limit: isOnce ? Number.MAX_SAFE_INTEGER : limit }, left);
    ranked.push(round);
    for (const [i, row] of round.rows.entries()) {
      const hit = { row, score: round.scores[i] as number, orderValue: round.orderValues?.[i] };
      for (const id of groupIdsAt(view, path, row)) found.add(id, hit);
      meter.steps += STEPS_PER_PAYLOAD;
      if (meter.isDue()) yield "pause";
      if (found.areFull) break;
    }
    if (isOnce || found.areFull || round.rows.length < limit) break;
    left ??= (yield* view.points.visibleRows()).clone();
    left.andNot(new RowSet(round.rows));
    yield* leaveFull(view, query, found, left, meter);
  }
  const lookUp = lookupIn(views, query);
  for (const [id, hits] of found.hits) {
    const recorded = hits.map(({ row, score, orderValue }) => {
      const record = records.scoredAt(row, score);
      return orderValue === undefined ? record : { ...record, orderValue };
    });
    emit({ id, hits: recorded, ...lookUp(id) });
    yield "pause";
  }
  return { isSettled: settledTogether(ranked) };
}

/** What is added to a group: the point that its id names elsewhere, if there is one. */
function lookupIn(views: Views, { lookup }: GroupsQuery): (id: GroupId) => Pick<PointGroup, "lookup"> {
  if (lookup === undefined) return () => ({});
  const view = viewAt(views, lookup.collection);
  const records = new RecordReader(view, lookup.selection);
  return (id) => {
    const pointId = toPointId(id);
    const row = pointId === undefined ? undefined : view.points.rowOf(pointId);
    return row === undefined ? {} : { lookup: records.recordAt(row) };
  };
}
