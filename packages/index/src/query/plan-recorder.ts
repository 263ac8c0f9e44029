import { type FilterShape, shapeOfFilter } from "../filter/filter-shape.js";
import type { FilterStep } from "../filter/plan.js";
import type { WalkDecision, WalkReason } from "../vector-index/walk-decision.js";
import type { Source } from "./query.js";
import type { QueryNode } from "./query-node.js";

/** Of a read, so much is recorded; of what is beyond only how much it was. */
const SOURCES_MAX = 64;
const STEPS_MAX = 64;

/** How one source of a query finds its points: what is decided before anything is searched. */
export type SearchPlan =
  /** A walk over the graph, which keeps `width` candidates; `rerank` of them are ranked again by f32. */
  | {
      readonly method: "graph";
      readonly limit: number;
      readonly ef: number;
      readonly width: number;
      readonly rerank: number;
      readonly matches: number;
      readonly nodes: number;
    }
  /** Comparing with every vector that matches. */
  | {
      readonly method: "exact";
      readonly because: Exclude<WalkReason, "worth-it"> | "without-graph" | "no-graph";
      readonly limit: number;
      readonly matches: number;
      /** What a walk would have been, where one was thought of. */
      readonly width?: number;
      readonly nodes?: number;
    }
  /** The postings of the query's indices. */
  | { readonly method: "postings"; readonly limit: number; readonly matches: number }
  /** Multivectors: the nearest by codes of their parts, `compared` of which are compared part by part. */
  | { readonly method: "codes"; readonly limit: number; readonly matches: number; readonly compared: number }
  /** Ids, in order. sorted: of the few that match. in-order: those that match, as the ids are walked. */
  | {
      readonly method: "ids";
      readonly because: "sorted" | "in-order";
      readonly limit: number;
      readonly matches: number;
    }
  | { readonly method: "order"; readonly key: string; readonly limit: number; readonly matches: number }
  | { readonly method: "sample"; readonly limit: number; readonly matches: number }
  /** What the prefetches found, at most so many, is all ranked. */
  | { readonly method: "prefetched"; readonly limit: number; readonly prefetched: number };

/** How rows were chosen that satisfy a filter. */
export interface FilterReport {
  readonly filter: FilterShape;
  readonly points: number;
  readonly matches: number;
  /** It was answered at this epoch already, and known again: there are no steps. */
  readonly isKnown: boolean;
  readonly steps: readonly FilterStep[];
  readonly stepsLeftOut: number;
}

/** What a walk came to. */
export interface WalkReport {
  readonly met: number;
  readonly least: number;
}

/** One source of a query, and those inside of it. */
export interface SourceReport {
  readonly kind: QueryNode["kind"];
  readonly using: string;
  readonly limit: number;
  readonly filters: FilterReport[];
  /** Several where it was asked several times, as for groups. */
  readonly plans: SearchPlan[];
  /** Missing before anything was searched. */
  readonly walks: WalkReport[];
  /** Did a walk not suffice, so that all that match were compared? */
  comparedAll: boolean;
  readonly prefetch: SourceReport[];
}

/** How a read is carried out. */
export interface PlanReport {
  readonly sources: readonly SourceReport[];
  /** Of no source: of a count, a page, a facet. */
  readonly filters: readonly FilterReport[];
  readonly plans: readonly SearchPlan[];
  readonly sourcesLeftOut: number;
}

/** What a walk's decision is as a plan. `isWithoutGraph`: that all are compared was not asked for. */
export function planOfWalk(
  { walk, because, limit, ef, width, matches, nodes }: WalkDecision,
  isWithoutGraph = false,
): SearchPlan {
  if (walk !== undefined) return { method: "graph", limit, ef, width, rerank: walk.depth, matches, nodes };
  if (because === "asked" && isWithoutGraph) return { method: "exact", because: "without-graph", limit, matches };
  const why = because as Exclude<WalkReason, "worth-it">;
  return why === "cheaper" || why === "too-wide"
    ? { method: "exact", because: why, limit, matches, width, nodes }
    : { method: "exact", because: why, limit, matches };
}

/** Records how a read is carried out, as it is told by what decides it. Bounded, whatever is read. */
export class PlanRecorder {
  readonly #sources: SourceReport[] = [];
  readonly #filters: FilterReport[] = [];
  readonly #plans: SearchPlan[] = [];
  /** Those that are under way, the innermost last; `undefined`: one that is not recorded. */
  readonly #open: (SourceReport | undefined)[] = [];
  #count = 0;
  #leftOut = 0;
  #steps: FilterStep[] = [];
  #stepsLeftOut = 0;

  begin({ node, using, limit }: Source): void {
    if (this.#count >= SOURCES_MAX) {
      this.#leftOut++;
      this.#open.push(undefined);
      return;
    }
    this.#count++;
    const report: SourceReport = {
      kind: node.kind,
      using,
      limit,
      filters: [],
      plans: [],
      walks: [],
      comparedAll: false,
      prefetch: [],
    };
    const around = this.#open.at(-1);
    if (this.#open.length === 0) this.#sources.push(report);
    else around?.prefetch.push(report);
    this.#open.push(report);
  }

  end(): void {
    this.#open.pop();
  }

  decided(plan: SearchPlan): void {
    const plans = this.#open.length === 0 ? this.#plans : this.#open.at(-1)?.plans;
    if (plans !== undefined && plans.length < STEPS_MAX) plans.push(plan);
  }

  walked(met: number, least: number): void {
    const walks = this.#open.at(-1)?.walks;
    if (walks !== undefined && walks.length < STEPS_MAX) walks.push({ met, least });
  }

  comparedAll(): void {
    const source = this.#open.at(-1);
    if (source !== undefined) source.comparedAll = true;
  }

  step(step: FilterStep): void {
    if (this.#steps.length < STEPS_MAX) this.#steps.push(step);
    else this.#stepsLeftOut++;
  }

  /** A filter was carried out, in the steps since the one before. */
  filtered(filter: Parameters<typeof shapeOfFilter>[0], points: number, matches: number, isKnown: boolean): void {
    const filters = this.#open.length === 0 ? this.#filters : this.#open.at(-1)?.filters;
    const steps = this.#steps;
    if (filters !== undefined && filters.length < STEPS_MAX) {
      const stepsLeftOut = this.#stepsLeftOut;
      filters.push({ filter: shapeOfFilter(filter), points, matches, isKnown, steps, stepsLeftOut });
    }
    this.#steps = [];
    this.#stepsLeftOut = 0;
  }

  report(): PlanReport {
    return {
      sources: this.#sources,
      filters: this.#filters,
      plans: this.#plans,
      sourcesLeftOut: this.#leftOut,
    };
  }
}
