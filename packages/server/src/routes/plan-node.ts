import type { Collection } from "@murmuration/core";
import {
  type ContextPair,
  type Lookup,
  MurmurationError,
  type QueryNode,
  type QueryTarget,
  type RecommendStrategy,
} from "@murmuration/index";
import type { ContextInput, ExampleForm, Strategy } from "../http/schemas/example-forms.js";
import type { Prefetch } from "../http/schemas/query.js";
import type { QueryForm } from "../http/schemas/query-forms.js";
import type { VectorInput } from "../http/schemas/vector-input.js";
import { checkOrder } from "./check-order.js";
import { checkVector } from "./check-vectors.js";

/** What a form is checked against. */
export interface Planning {
  readonly collection: Collection;
  readonly body: Pick<Prefetch, "using" | "score_threshold">;
  readonly lookup: Lookup | undefined;
  /** Prefetches that it ranks. */
  readonly prefetches: number;
}

/** A query that cannot be carried out as it is asked. */
export const refused = (message: string, field: string) => new MurmurationError("bad-request", message, field);

/** Does it rank by the places or scores that prefetches gave? */
export const isFusion = (form: QueryForm | undefined) => form?.kind === "rrf" || form?.kind === "dbsf";

const strategies: Readonly<Record<Strategy, RecommendStrategy>> = {
  average_vector: "average-vector",
  best_score: "best-score",
  sum_scores: "sum-scores",
};

function targetOf({ collection, body, lookup }: Planning, input: VectorInput, field: string): QueryTarget {
  if (!("id" in input)) {
    checkVector(collection, body.using, input, field);
    return { kind: "vector", vector: input };
  }
  return { kind: "point", id: input.id, ...(lookup === undefined ? {} : { lookupFrom: lookup }) };
}

function checkFusion({ body, prefetches }: Planning): void {
  if (body.using !== "") throw refused("Fusion queries cannot be combined with the 'using' field.", "using");
  if (prefetches === 0) throw refused("Fusion queries need at least one prefetch.", "prefetch");
}

function pairsOf(planning: Planning, context: readonly ContextInput[], field: string): ContextPair[] {
  return context.map(({ positive, negative }, i) => ({
    positive: targetOf(planning, positive, `${field}[${i}].positive`),
    negative: targetOf(planning, negative, `${field}[${i}].negative`),
  }));
}

function recommendOf(planning: Planning, form: Extract<ExampleForm, { kind: "recommend" }>): QueryNode {
  const { positive, negative, strategy } = form;
  if (strategy === "average_vector" && positive.length === 0) {
    throw refused("At least one positive vector ID required with this strategy", "query.recommend.positive");
  }
  if (positive.length + negative.length === 0) {
    throw refused("At least one positive or negative vector ID required with this strategy", "query.recommend");
  }
  const targets = (inputs: readonly VectorInput[], field: string) =>
    inputs.map((input, i) => targetOf(planning, input, `query.recommend.${field}[${i}]`));
  return {
    kind: "recommend",
    positive: targets(positive, "positive"),
    negative: targets(negative, "negative"),
    strategy: strategies[strategy],
  };
}

function examplesOf(planning: Planning, form: ExampleForm): QueryNode {
  switch (form.kind) {
    case "mmr": {
      const { diversity, candidates } = form;
      const target = targetOf(planning, form.target, "query.nearest");
      return { kind: "mmr", target, diversity, ...(candidates === undefined ? {} : { candidates }) };
    }
    case "recommend":
      return recommendOf(planning, form);
    case "discover":
      return {
        kind: "discover",
        target: targetOf(planning, form.target, "query.discover.target"),
        context: pairsOf(planning, form.context, "query.discover.context"),
      };
    case "context":
      return { kind: "context", context: pairsOf(planning, form.context, "query.context") };
    case "relevance-feedback": {
      const field = "query.relevance_feedback";
      const feedback = form.feedback.map(({ example, score }, i) => ({
        example: targetOf(planning, example, `${field}.feedback[${i}].example`),
        score,
      }));
      return { ...form, target: targetOf(planning, form.target, `${field}.target`), feedback };
    }
  }
}

/** What a form asks of the reader. `drawSeed` gives 32 random bits. */
export function nodeOf(planning: Planning, form: QueryForm | undefined, drawSeed: () => number): QueryNode {
  if (form === undefined) return { kind: "by-id" };
  switch (form.kind) {
    case "nearest":
      return { kind: "nearest", target: targetOf(planning, form.target, "query") };
    case "order-by":
      if (planning.body.score_threshold !== undefined) {
        throw refused("Can't use score_threshold with an order_by query.", "score_threshold");
      }
      checkOrder(planning.collection, form.orderBy);
      return form;
    case "sample":
      return { kind: "sample", seed: drawSeed() };
    case "formula":
      if (planning.prefetches === 0) throw refused("Formula queries need at least one prefetch.", "prefetch");
      return form;
    case "dbsf":
      checkFusion(planning);
      return form;
    case "rrf": {
      checkFusion(planning);
      const { weights } = form;
      if (weights === undefined || weights.length === planning.prefetches) return form;
      const counts = `${weights.length} weights and ${planning.prefetches} prefetches`;
      throw refused(
        `The number of weights must be the number of prefetches, there are ${counts}.`,
        "query.rrf.weights",
      );
    }
    default:
      return examplesOf(planning, form);
  }
}
