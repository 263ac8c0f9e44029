import {
  type ConditionShape,
  type FilterReport,
  type FilterStep,
  type PlanReport,
  printJson,
  type SearchPlan,
  type SourceReport,
} from "@murmuration/index";
import type { ExplainReading } from "./reading.js";
import { spelled } from "./spelled.js";

type About = ExplainReading["about"];

/** Why a search is carried out as it is, in words. */
function reasonOfPlan(plan: SearchPlan): string {
  switch (plan.method) {
    case "graph": {
      const share =
        plan.matches < plan.nodes ? `${plan.matches} of ${plan.nodes} vectors may be answers, so that ` : "";
      const width =
        plan.width > plan.ef
          ? `${share}the walk keeps ${plan.width} candidates instead of ${plan.ef}`
          : `the walk keeps ${plan.width} candidates (hnsw_ef, or the default, and never less than the limit)`;
      const rerank =
        plan.rerank > 0 ? `; it is made on codes, and the best ${plan.rerank} are ranked again by whole vectors` : "";
      return `${width}, which costs less than comparing with all ${plan.matches}${rerank}`;
    }
    case "exact":
      return reasonOfExact(plan);
    case "postings":
      return "sparse vectors are found by the postings of the query's indices, which is exact";
    case "codes":
      return `the ${plan.compared} of ${plan.matches} multivectors that are nearest by codes of their parts are compared part by part`;
    case "ids":
      return plan.because === "sorted"
        ? "less than an eighth of the points match: their ids are sorted"
        : "the ids are walked in order, and those that do not match are passed over";
    case "order":
      return `the index on "${plan.key}" gives its values in order`;
    case "sample":
      return "the points whose ids have the least hashes by a seed that is drawn for each request";
    case "prefetched":
      return `only what the prefetches find, ${plan.prefetched} points at most, is ranked, all of it`;
  }
}

function reasonOfExact({ because, matches, width, nodes }: Extract<SearchPlan, { method: "exact" }>): string {
  switch (because) {
    case "asked":
      return "params.exact was asked for: every vector that matches is compared";
    case "without-graph":
      return "the vector has no graph (hnsw_config.m is 0): every vector that matches is compared";
    case "no-graph":
      return "vectors of this kind have no graph: every one that matches is compared";
    case "none-match":
      return "nothing matches";
    case "too-wide":
      return `${matches} of ${nodes} vectors may be answers: a walk would have to keep ${width} candidates, which is more than one can`;
    case "cheaper":
      return `comparing with the ${matches} that match costs less than a walk that keeps ${width} candidates of ${nodes}`;
  }
}

/** The path that a condition looks at, if it is one. */
function pathOf(shape: ConditionShape): string | undefined {
  if (shape.kind === "not") return pathOf(shape.of);
  return "key" in shape ? shape.key : undefined;
}

function reasonOfStep({ by, conditions, few }: FilterStep, { indexes }: About): string {
  switch (by) {
    case "index": {
      const path = conditions.length === 1 ? pathOf(conditions[0] as ConditionShape) : undefined;
      if (path === undefined) return "answered without looking at a payload";
      return `answered by the ${indexes[path] ?? "payload"} index on "${path}"`;
    }
    case "partly":
      return "indexes answer some of its parts; the points that these leave are looked at one by one";
    case "few":
      return "an index would answer it, and looking at the few points that are left costs less";
    case "scan": {
      const paths = conditions.map(pathOf).filter((path) => path !== undefined);
      const words = [...new Set(paths)].map((path) =>
        indexes[path] === undefined
          ? `there is no payload index on "${path}"`
          : `the ${indexes[path]} index on "${path}" does not answer this, or is not built yet`,
      );
      if (paths.length < conditions.length || words.length === 0)
        words.push("no index answers conditions of this kind");
      const also =
        few === undefined ? "" : "; conditions with an index are asked along the way, since few points are left";
      return `every point that is left is looked at, payload and all: ${words.join("; ")}${also}`;
    }
  }
}

function explainedFilter({ filter, points, matches, isKnown, steps, stepsLeftOut }: FilterReport, about: About) {
  return {
    filter: spelled(filter),
    points,
    matches,
    ...(isKnown ? { known: true } : {}),
    steps: steps.map((step) => {
      const { depth, conditions, few, by, estimate, before, left } = step;
      return {
        ...(depth > 0 ? { depth } : {}),
        conditions: spelled(few === undefined ? conditions : [...conditions, ...few]),
        by,
        ...(estimate === undefined ? {} : { estimated: Math.round(estimate) }),
        before,
        left,
        reason: reasonOfStep(step, about),
      };
    }),
    ...(stepsLeftOut > 0 ? { steps_left_out: stepsLeftOut } : {}),
  };
}

function explainedPlan(plan: SearchPlan) {
  return { ...plan, reason: reasonOfPlan(plan) };
}

function explainedSource(source: SourceReport, about: About): unknown {
  const { kind, using, limit, filters, plans, prefetch } = source;
  const [plan] = plans;
  const walks = plan?.method === "graph" && filters.length > 0;
  return {
    kind,
    using,
    limit,
    ...(prefetch.length === 0 ? {} : { prefetch: prefetch.map((one) => explainedSource(one, about)) }),
    ...(filters.length === 0 ? {} : { filters: filters.map((one) => explainedFilter(one, about)) }),
    ...(plan === undefined ? {} : explainedPlan(plan)),
    ...(walks
      ? {
          otherwise:
            "a walk that meets too few that match is made again, wider; if that is too little as well, all that match are compared",
        }
      : {}),
  };
}

/** What a query would do and why, as JSON. */
export function explain({ sources, filters, plans, sourcesLeftOut }: PlanReport, about: About): string {
  if (about.refused !== undefined) return printJson({ refused: about.refused, sources: [] });
  return printJson({
    refused: null,
    sources: sources.map((one) => explainedSource(one, about)),
    ...(filters.length === 0 ? {} : { filters: filters.map((one) => explainedFilter(one, about)) }),
    ...(plans.length === 0 ? {} : { plans: plans.map(explainedPlan) }),
    ...(sourcesLeftOut > 0 ? { sources_left_out: sourcesLeftOut } : {}),
  });
}
