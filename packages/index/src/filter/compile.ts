import { parsePath } from "../payload/path.js";
import { RowSet } from "../row-set.js";
import { finish, Meter, type Sliced } from "../sliced.js";
import { prepareTexts } from "./asked-terms.js";
import { bindTexts } from "./bind-texts.js";
import type { Condition, Filter, HasId } from "./condition.js";
import { shapeOfCondition } from "./filter-shape.js";
import { allOf, atLeast, compileCondition, compilePredicate } from "./matches.js";
import {
  combinedCoverage,
  type FilterStep,
  type FilterWatch,
  once,
  type Plan,
  type Planning,
  scan,
  stepsOfRows,
} from "./plan.js";
import { planField } from "./plan-field.js";
import type { PointSource } from "./point-source.js";
import type { Predicate } from "./predicate.js";
import { simplifyFilter } from "./simplify.js";
import { prepareSets } from "./value-sets.js";

/** A predicate costs about as much as this many entries of an ordered index. */
const ENTRIES_PER_PREDICATE = 8;
/** Conditions of one step that whoever watches is told of. */
const SHAPES_MAX = 32;

function planUnindexed(condition: Condition, planning: Planning): Plan {
  const predicate = once(() => compileCondition(condition, planning.meter));
  return {
    coverage: "none",
    estimate: planning.source.liveRows.size,
    entriesVisited: 0,
    keep: (rows) => scan(rows, predicate(), planning),
    predicate,
    shape: () => shapeOfCondition(condition),
  };
}

function planHasId(condition: HasId, { source, meter }: Planning): Plan {
  return {
    coverage: "full",
    estimate: condition.ids.length,
    entriesVisited: 0,
    *keep(rows) {
      const named = new RowSet();
      for (const id of condition.ids) {
        const row = source.rowOf(id);
        if (row !== undefined) named.add(row);
        meter.steps += ENTRIES_PER_PREDICATE;
        if (meter.isDue()) yield "pause";
      }
      rows.and(named);
    },
    predicate: once(() => compileCondition(condition, meter)),
    shape: () => shapeOfCondition(condition),
  };
}

function planCondition(condition: Condition, planning: Planning): Plan {
  switch (condition.kind) {
    case "has-id":
      return planHasId(condition, planning);
    case "has-vector":
    case "slice":
    case "nested":
      return planUnindexed(condition, planning);
    case "filter":
      return planFilter(condition.filter, planning, () => shapeOfCondition(condition));
    default:
      return planField(condition, planning) ?? planUnindexed(condition, planning);
  }
}

function planNot(plan: Plan, { source }: Planning): Plan {
  return {
    coverage: plan.coverage,
    estimate: Math.max(0, source.liveRows.size - plan.estimate),
    entriesVisited: plan.entriesVisited,
    *keep(rows) {
      const excluded = rows.clone();
      yield* plan.keep(excluded);
      rows.andNot(excluded);
    },
    predicate: once(() => {
      const excluded = plan.predicate();
      return (subject) => !excluded(subject);
    }),
    shape: () => ({ kind: "not", of: plan.shape() }),
  };
}

const shapesOf = (plans: readonly Plan[]) => plans.slice(0, SHAPES_MAX).map((plan) => plan.shape());

/** At least one of `plans`: each looks only at the rows that none before it has found. */
function planShould(plans: readonly Plan[], planning: Planning): Plan {
  const { meter } = planning;
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((sum, plan) => sum + plan.estimate, 0),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    *keep(rows) {
      const found = new RowSet();
      const open = rows.clone();
      for (const plan of plans) {
        if (plan.coverage === "none") continue;
        const kept = open.clone();
        yield* plan.keep(kept);
        found.or(kept);
        open.andNot(kept);
        meter.steps += 3 * stepsOfRows(open);
        if (meter.isDue()) yield "pause";
      }
      const unindexed = plans.filter((plan) => plan.coverage === "none").map((plan) => plan.predicate());
      if (unindexed.length > 0 && open.size > 0) {
        yield* scan(open, atLeast(1, unindexed), planning);
        found.or(open);
      }
      rows.and(found);
    },
    predicate: once(() =>
      atLeast(
        1,
        plans.map((plan) => plan.predicate()),
      ),
    ),
    shape: () => ({ kind: "any", least: 1, of: shapesOf(plans) }),
  };
}

/** At least `minCount` of `plans`: indexed ones are counted row by row, the others asked only where they can decide. */
function planMinShould(plans: readonly Plan[], minCount: number, { source, meter }: Planning): Plan {
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((sum, plan) => sum + plan.estimate, 0) / Math.max(1, minCount),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    *keep(rows) {
      const counts = new Uint16Array(rows.wordCount * 32);
      for (const plan of plans) {
        if (plan.coverage === "none") continue;
        const kept = rows.clone();
        yield* plan.keep(kept);
        for (const row of kept) {
          counts[row] = (counts[row] as number) + 1;
          meter.steps++;
          if (meter.isDue()) yield "pause";
        }
      }
      const unindexed = plans.filter((plan) => plan.coverage === "none").map((plan) => plan.predicate());
      for (const row of rows) {
        const missing = minCount - (counts[row] as number);
        meter.steps++;
        if (missing > 0) {
          const canHold = missing <= unindexed.length && source.liveRows.has(row);
          if (!canHold || !atLeast(missing, unindexed)(source.subjectAt(row))) rows.delete(row);
        }
        if (meter.isDue()) yield "pause";
      }
    },
    predicate: once(() =>
      atLeast(
        minCount,
        plans.map((plan) => plan.predicate()),
      ),
    ),
    shape: () => ({ kind: "any", least: minCount, of: shapesOf(plans) }),
  };
}

/** Does a step of a filter, and tells whoever watches what it left. */
function* told(
  { watch, depth = 0 }: Planning,
  by: FilterStep["by"],
  plans: readonly Plan[],
  rows: RowSet,
  work: Sliced<void>,
): Sliced<void> {
  if (watch === undefined) return yield* work;
  const before = rows.size;
  yield* work;
  const [only] = plans;
  const estimate = plans.length === 1 && only?.coverage === "full" ? { estimate: only.estimate } : {};
  const few = by === "scan" ? plans.filter(({ coverage }) => coverage !== "none") : [];
  const named = by === "scan" ? plans.filter(({ coverage }) => coverage === "none") : plans;
  const alsoFew = few.length === 0 ? {} : { few: shapesOf(few) };
  watch({ depth, conditions: shapesOf(named), ...alsoFew, by, ...estimate, before, left: rows.size });
}

/** Applies what indexes answer, rarest first, and then what they do not, in one pass over the rows that are left. */
function* keepAll(plans: readonly Plan[], rows: RowSet, planning: Planning): Sliced<void> {
  const { meter } = planning;
  const unindexed = plans.filter((plan) => plan.coverage === "none");
  const byRarity = (a: Plan, b: Plan): number => a.estimate - b.estimate;
  const isNone = unindexed.length === 0;
  for (const plan of plans.filter((each) => each.coverage === "full").sort(byRarity)) {
    if (rows.size * ENTRIES_PER_PREDICATE < plan.entriesVisited) unindexed.push(plan);
    else yield* told(planning, "index", [plan], rows, plan.keep(rows));
    meter.steps += 3 * stepsOfRows(rows);
    if (meter.isDue()) yield "pause";
  }
  for (const plan of plans.filter((each) => each.coverage === "part")) {
    if (rows.size === 0) return;
    yield* told(planning, "partly", [plan], rows, plan.keep(rows));
  }
  if (unindexed.length > 0 && rows.size > 0) {
    const all = allOf(unindexed.map((plan) => plan.predicate()));
    yield* told(planning, isNone ? "few" : "scan", unindexed, rows, scan(rows, all, planning));
  }
}

function planFilter(filter: Filter, planning: Planning, shape: Plan["shape"]): Plan {
  const inner = { ...planning, depth: (planning.depth ?? -1) + 1 };
  const toPlan = (condition: Condition): Plan => planCondition(condition, inner);
  const plans = filter.must.map(toPlan);
  if (filter.should.length > 0) plans.push(planShould(filter.should.map(toPlan), planning));
  for (const condition of filter.mustNot) plans.push(planNot(toPlan(condition), planning));
  if (filter.minShould !== undefined) {
    plans.push(planMinShould(filter.minShould.conditions.map(toPlan), filter.minShould.minCount, planning));
  }
  return {
    coverage: combinedCoverage(plans),
    estimate: plans.reduce((least, plan) => Math.min(least, plan.estimate), planning.source.liveRows.size),
    entriesVisited: plans.reduce((sum, plan) => sum + plan.entriesVisited, 0),
    keep: (rows) => keepAll(plans, rows, inner),
    predicate: once(() => compilePredicate(filter, planning.meter)),
    shape,
  };
}

/** A filter made ready for some points. */
export interface CompiledFilter {
  /** Counts the steps of both. */
  readonly meter: Meter;
  /** Says of one point whether it satisfies the filter. */
  readonly predicate: Predicate;
  /**
   * The live rows that satisfy the filter, as a new set: payload indexes answer what they can; the rest is evaluated on the rows that are
   * left. Of a row whose point changes between two slices the set says anything: whoever goes on between slices asks `predicate` again.
   */
  rows(): Sliced<RowSet>;
}

/** Throws `format` for a bad path: that of a condition which no point is asked about, too. */
function checkPaths({ must, should, mustNot, minShould }: Filter): void {
  for (const condition of [...must, ...should, ...mustNot, ...(minShould?.conditions ?? [])]) {
    if ("key" in condition) parsePath(condition.key);
    if ("filter" in condition) checkPaths(condition.filter);
  }
}

/** Make a filter ready, once, for all points of a source; `watch` is told how it is carried out. Throws `format` for a bad path. */
export function prepareFilter(filter: Filter, source: PointSource, watch?: FilterWatch): CompiledFilter {
  const meter = new Meter();
  const simple = simplifyFilter(bindTexts(filter, source.texts));
  checkPaths(simple);
  const predicate = once(() => compilePredicate(simple, meter));
  return {
    meter,
    predicate: (subject) => predicate()(subject),
    *rows() {
      const rows = source.liveRows.clone();
      yield* prepareSets(simple, meter, (key) => source.accessTo(key)?.equality !== undefined);
      yield* prepareTexts(simple, meter);
      const shape = () => shapeOfCondition({ kind: "filter", filter: simple });
      yield* planFilter(simple, { source, meter, watch }, shape).keep(rows);
      return rows;
    },
  };
}

/** The live rows that satisfy a filter, found at once, as a new set. Throws `format` for a bad path. */
export function compileFilter(filter: Filter, source: PointSource): RowSet {
  return finish(prepareFilter(filter, source).rows());
}
