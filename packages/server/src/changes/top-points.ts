import { createHash } from "node:crypto";
import { type JsonObject, type PointId, parseJsonExactly, printJson } from "@murmuration/index";

/** What is kept of a point that was in the answer to a live query: so little, however large the point is. */
export interface KeptPoint {
  readonly id: PointId;
  /** A float32. */
  readonly score: number;
  /** Another one where answers print the point in another way. */
  readonly print: string;
}

/** A point of the answer to a live query. */
export interface TopPoint extends KeptPoint {
  /** As answers print it. */
  readonly text: string;
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

/** A text of so many characters is its own print. */
const PRINT_CHARACTERS = 64;

/** A point, by the text that answers print of it. */
export function pointOf(id: PointId, score: number, text: string): TopPoint {
  const print = text.length <= PRINT_CHARACTERS ? text : createHash("sha256").update(text).digest("base64");
  return { id, score, print, text };
}

/** The points of the JSON text of a list of scored points. */
export function topOf(text: string): TopPoint[] {
  const records = parseJsonExactly(text) as (JsonObject & { id: PointId; score: number })[];
  return records.map((record) => pointOf(record.id, record.score, printJson(record)));
}

/** What is kept of an answer until there is another one. */
export function keptOf(top: readonly TopPoint[]): KeptPoint[] {
  return top.map(({ id, score, print }) => ({ id, score, print }));
}

function ranked(rank: number, { text }: TopPoint): object {
  return { rank, ...(parseJsonExactly(text) as JsonObject) };
}

/** How one answer became another; `undefined`: it did not. */
export function changeOf(before: readonly KeptPoint[], after: readonly TopPoint[]): TopChange | undefined {
  const ranks = new Map(before.map(({ id }, rank) => [id, rank]));
  const stays = new Set(after.map(({ id }) => id));
  const entered: object[] = [];
  const moved: object[] = [];
  const updated: object[] = [];
  const ids = new Set<PointId>();
  for (const [rank, point] of after.entries()) {
    const { id, score, print } = point;
    const from = ranks.get(id);
    const was = from === undefined ? undefined : before[from];
    if (was === undefined) entered.push(ranked(rank, point));
    else if (from !== rank || was.score !== score) moved.push({ id, from, to: rank, score });
    else if (was.print !== print) updated.push(ranked(rank, point));
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
  before: readonly KeptPoint[],
  among: readonly KeptPoint[],
  { limit, isAscending }: TopRule,
): boolean {
  if (before.length < limit) return true;
  const [was, is] = [before[limit - 1], among[limit - 1]];
  if (was === undefined || is === undefined) return false;
  if (is.id === was.id && is.score === was.score) return true;
  return isAscending ? is.score < was.score : is.score > was.score;
}
