import { type Json, type PointId, parseJsonExactly, printJson } from "@murmuration/index";

/** A point of the answer to a live query. */
export interface TopPoint {
  readonly id: PointId;
  /** A float32. */
  readonly score: number;
  /** As answers print it. */
  readonly record: { readonly [name: string]: Json };
}

/** What an answer became: ranks count from 0. */
export interface TopChange {
  readonly entered: readonly object[];
  readonly left: readonly object[];
  readonly moved: readonly object[];
  /** At the same rank with the same score, and another payload or vector. */
  readonly updated: readonly object[];
  /** Points that are named in one of these. */
  readonly ids: ReadonlySet<PointId>;
}

/** The points of the JSON text of a list of scored points. */
export function topOf(text: string): TopPoint[] {
  const records = parseJsonExactly(text) as { id: PointId; score: number; [name: string]: Json }[];
  return records.map((record) => ({ id: record.id, score: record.score, record }));
}

/** How one answer became another; `undefined`: it did not. */
export function changeOf(before: readonly TopPoint[], after: readonly TopPoint[]): TopChange | undefined {
  const ranks = new Map(before.map(({ id }, rank) => [id, rank]));
  const stays = new Set(after.map(({ id }) => id));
  const entered: object[] = [];
  const moved: object[] = [];
  const updated: object[] = [];
  const ids = new Set<PointId>();
  for (const [rank, { id, score, record }] of after.entries()) {
    const from = ranks.get(id);
    const was = from === undefined ? undefined : before[from];
    if (was === undefined) entered.push({ rank, ...record });
    else if (from !== rank || was.score !== score) moved.push({ id, from, to: rank, score });
    else if (printJson(was.record) !== printJson(record)) updated.push({ rank, ...record });
    else continue;
    ids.add(id);
  }
  const left: object[] = [];
  for (const [from, { id }] of before.entries()) {
    if (stays.has(id)) continue;
    left.push({ id, from });
    ids.add(id);
  }
  return ids.size === 0 ? undefined : { entered, left, moved, updated, ids };
}

/** What is known of a query that is compared with few points. */
export interface TopRule {
  /** Points of the answer at most. */
  readonly limit: number;
  /** Are lower scores better? */
  readonly isAscending: boolean;
}

/**
 * Is `among`, the best of the points that were the answer and of those that were written since, the answer now? No other point was written, and all of them came behind
 * the last of `before`. So it is where there were no others, or where nothing in it comes behind where that one was.
 */
export function isWhole(
  before: readonly TopPoint[],
  among: readonly TopPoint[],
  { limit, isAscending }: TopRule,
): boolean {
  if (before.length < limit) return true;
  const [was, is] = [before[limit - 1], among[limit - 1]];
  if (was === undefined || is === undefined) return false;
  if (is.id === was.id && is.score === was.score) return true;
  return isAscending ? is.score < was.score : is.score > was.score;
}
