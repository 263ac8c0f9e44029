import type { ReadonlyRowSet, RowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type { ConditionShape } from "./filter-shape.js";
import type { PointSource } from "./point-source.js";
import type { Predicate } from "./predicate.js";

/** How much of a condition payload indexes answer. */
export type Coverage = "full" | "part" | "none";

/** One way to find the rows that satisfy a condition. */
export interface Plan {
  readonly coverage: Coverage;
  /** Guess of how many rows satisfy it; smaller ones are applied first. */
  readonly estimate: number;
  /** Index entries to be visited one by one, where that is what `keep` costs. */
  readonly entriesVisited: number;
  /** Removes from `rows` (live rows) those that do not satisfy the condition. */
  keep(rows: RowSet): Sliced<void>;
  /** The condition's reference predicate. */
  predicate(): Predicate;
  /** What it looks at, for whoever is told how a filter is carried out. */
  shape(): ConditionShape;
}

/** What a plan by an index has of its own. */
export type Access = Pick<Plan, "estimate" | "entriesVisited" | "keep">;

/** One step in which a filter leaves rows out. */
export interface FilterStep {
  /** Of conditions in conditions: how far within. */
  readonly depth: number;
  /** One; or several, where what no index answers is asked of each row that is left. */
  readonly conditions: readonly ConditionShape[];
  /**
   * index: an index says which rows satisfy it. partly: indexes say it of some of its parts. scan: no index answers it, and each row that is left is
   * looked at. few: an index would, and looking at the few rows that are left costs less.
   */
  readonly by: "index" | "partly" | "scan" | "few";
  /** Of a scan: conditions that an index would answer, and that are asked of the same few rows along the way. */
  readonly few?: readonly ConditionShape[];
  /** How many rows were thought to satisfy it, where there was a guess. */
  readonly estimate?: number;
  /** Rows that were left before it, and after. */
  readonly before: number;
  readonly left: number;
}

/** Is told of the steps of a filter, in the order in which they are done. */
export type FilterWatch = (step: FilterStep) => void;

/** What plans are made for: the points, and the meter of the whole filter. */
export interface Planning {
  readonly source: PointSource;
  readonly meter: Meter;
  /** Nobody else pays for counting what is left. */
  readonly watch?: FilterWatch | undefined;
  /** Of the filter that is planned, in others. */
  readonly depth?: number;
}

/** What is made at the first call, and only once. */
export function once(make: () => Predicate): () => Predicate {
  let made: Predicate | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Steps that a change of a whole row set counts for: a word of it costs about a nanosecond. */
export function stepsOfRows(rows: RowSet): number {
  return rows.wordCount >>> 4;
}

/** Removes from `rows` those that fail `predicate`, point by point, and those that are gone. */
export function* scan(rows: RowSet, predicate: Predicate, { source, meter }: Planning): Sliced<void> {
  for (const row of rows) {
    meter.steps++;
    if (!source.liveRows.has(row) || !predicate(source.subjectAt(row))) rows.delete(row);
    if (meter.isDue()) yield "pause";
  }
}

/** Keeps the rows that are `certain`, and those of the `doubtful` that pass the predicate. */
export function* keepFrom(
  rows: RowSet,
  certain: ReadonlyRowSet,
  doubtful: ReadonlyRowSet | undefined,
  predicate: () => Predicate,
  planning: Planning,
): Sliced<void> {
  if (doubtful === undefined || doubtful.size === 0) {
    rows.and(certain);
    return;
  }
  const verified = rows.clone();
  verified.and(doubtful);
  verified.andNot(certain);
  rows.and(certain);
  yield* scan(verified, predicate(), planning);
  rows.or(verified);
}

/** Coverage of a condition made of others. */
export function combinedCoverage(parts: readonly Plan[]): Coverage {
  if (parts.every((part) => part.coverage === "full")) return "full";
  return parts.every((part) => part.coverage === "none") ? "none" : "part";
}
