import type { Condition, Filter, HasId } from "./condition.js";
import { allOf, atLeast, compileCondition, compilePredicate } from "./matches.js";
import { combinedCoverage, type Plan, scan } from "./plan.js";
import { planField } from "./plan-field.js";
import type { PointSource } from "./point-source.js";
import type { Predicate } from "./predicate.js";
import { RowSet } from "./row-set.js";

/** A predicate costs about as much as this many entries of an ordered index. */
const ENTRIES_PER_PREDICATE = 8;

function planUnindexed(condition: Condition, source: PointSource): Plan {
  const predicate = (): Predicate => compileCondition(condition);
  return {
    coverage: "none",
    estimate: source.liveRows.size,
    entriesVisited: 0,
    keep: (rows) => scan(rows, predicate(), source),
    predicate,
  };
}

function planHasId(condition: HasId, source: PointSource): Plan {
  return {
    coverage: "full",
    estimate: condition.ids.length,
    entriesVisited: 0,
    keep(rows) {
      const named = new RowSet();
      for (const id of condition.ids) {
        const row = source.rowOf(id);
        if (row !== undefined) named.add(row);
      }
      rows.and(named);
    },
    predicate: () => compileCondition(condition),
  };
}

function planCondition(condition: Condition, source: PointSource): Plan {
  switch (condition.kind) {
    case "has-id":
      return planHasId(condition, source);
    case "has-vector":
    case "nested":
      return planUnindexed(condition, source);
    case "filter":
      return planFilter(condition.filter, source);
    default:
      return planField(condition, source) ?? planUnindexed(condition, source);
  }
}

function planNot(plan: Plan, source: PointSource): Plan {
  return {
    coverage: plan.coverage,
    estimate: Math.max(0, source.liveRows.size - plan.estimate),
    entriesVisited: plan.entriesVisited,
    keep(rows) {
      const excluded = rows.clone();
      plan.keep(excluded);
      rows.andNot(excluded);
    },
    predicate() {
      const excluded = plan.predicate();
      return (subject) => !excluded(subject);
    },
  };
}

/** At least one of `plans`: each looks only at the rows that none before it has found. */
function planShould(plans: readonly Plan[], source: PointSource): Plan {
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((sum, plan) => sum + plan.estimate, 0),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    keep(rows) {
      const found = new RowSet();
      const open = rows.clone();
      for (const plan of plans.filter((each) => each.coverage !== "none")) {
        const kept = open.clone();
        plan.keep(kept);
        found.or(kept);
        open.andNot(kept);
      }
      const unindexed = plans.filter((plan) => plan.coverage === "none").map((plan) => plan.predicate());
      if (unindexed.length > 0 && open.size > 0) {
        scan(open, atLeast(1, unindexed), source);
        found.or(open);
      }
      rows.and(found);
    },
    predicate: () =>
      atLeast(
        1,
        plans.map((plan) => plan.predicate()),
      ),
  };
}

/** At least `minCount` of `plans`: indexed ones are counted row by row, the others asked only where they can decide. */
function planMinShould(plans: readonly Plan[], minCount: number, source: PointSource): Plan {
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((sum, plan) => sum + plan.estimate, 0) / Math.max(1, minCount),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    keep(rows) {
      const counts = new Uint16Array(rows.wordCount * 32);
      for (const plan of plans.filter((each) => each.coverage !== "none")) {
        const kept = rows.clone();
        plan.keep(kept);
        kept.forEach((row) => {
          counts[row] = (counts[row] as number) + 1;
        });
      }
      const unindexed = plans.filter((plan) => plan.coverage === "none").map((plan) => plan.predicate());
      rows.forEach((row) => {
        const missing = minCount - (counts[row] as number);
        if (missing <= 0) return;
        if (missing > unindexed.length || !atLeast(missing, unindexed)(source.subjectAt(row))) rows.delete(row);
      });
    },
    predicate: () =>
      atLeast(
        minCount,
        plans.map((plan) => plan.predicate()),
      ),
  };
}

/** Applies what indexes answer, rarest first, and then what they do not, in one pass over the rows that are left. */
function keepAll(plans: readonly Plan[], rows: RowSet, source: PointSource): void {
  const unindexed = plans.filter((plan) => plan.coverage === "none");
  const byRarity = (a: Plan, b: Plan): number => a.estimate - b.estimate;
  for (const plan of plans.filter((each) => each.coverage === "full").sort(byRarity)) {
    if (rows.size * ENTRIES_PER_PREDICATE < plan.entriesVisited) unindexed.push(plan);
    else plan.keep(rows);
  }
  for (const plan of plans.filter((each) => each.coverage === "part")) {
    if (rows.size === 0) return;
    plan.keep(rows);
  }
  if (unindexed.length > 0 && rows.size > 0) scan(rows, allOf(unindexed.map((plan) => plan.predicate())), source);
}

function planFilter(filter: Filter, source: PointSource): Plan {
  const toPlan = (condition: Condition): Plan => planCondition(condition, source);
  const plans = filter.must.map(toPlan);
  if (filter.should.length > 0) plans.push(planShould(filter.should.map(toPlan), source));
  for (const condition of filter.mustNot) plans.push(planNot(toPlan(condition), source));
  if (filter.minShould !== undefined) {
    plans.push(planMinShould(filter.minShould.conditions.map(toPlan), filter.minShould.minCount, source));
  }
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((least, plan) => Math.min(least, plan.estimate), source.liveRows.size),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    keep: (rows) => keepAll(plans, rows, source),
    predicate: () => compilePredicate(filter),
  };
}

/**
 * The live rows that satisfy a filter, as a new set. Payload indexes answer what they can; the rest is evaluated on the
 * rows that are left. Throws `format` for a bad path.
 */
export function compileFilter(filter: Filter, source: PointSource): RowSet {
  const rows = source.liveRows.clone();
  planFilter(filter, source).keep(rows);
  return rows;
}
