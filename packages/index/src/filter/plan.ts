import type { PointSource } from "./point-source.js";
import type { Predicate } from "./predicate.js";
import type { RowSet } from "./row-set.js";

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
  keep(rows: RowSet): void;
  /** The condition's reference predicate. */
  predicate(): Predicate;
}

/** Removes from `rows` those that fail `predicate`, point by point. */
export function scan(rows: RowSet, predicate: Predicate, source: PointSource): void {
  rows.forEach((row) => {
    if (!predicate(source.subjectAt(row))) rows.delete(row);
  });
}

/** Coverage of a condition made of others. */
export function combinedCoverage(parts: readonly Plan[]): Coverage {
  if (parts.every((part) => part.coverage === "full")) return "full";
  return parts.every((part) => part.coverage === "none") ? "none" : "part";
}
