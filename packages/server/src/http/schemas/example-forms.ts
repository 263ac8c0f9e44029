import { examplesMax, feedbackMax, MurmurationError, mmrCandidatesMax } from "@murmuration/index";
import { z } from "zod";
import { integer, number, oneOf, optional, parsedBy, withDefault } from "./fields.js";
import { validate } from "./validate.js";
import { readVectorInput, type VectorInput, vectorInputSchema } from "./vector-input.js";

/** Points that something should be near to, and far from. */
export interface ContextInput {
  readonly positive: VectorInput;
  readonly negative: VectorInput;
}

/** Queries that compare points with several vectors, as bodies say them. */
export type ExampleForm =
  | {
      readonly kind: "mmr";
      readonly target: VectorInput;
      readonly diversity: number;
      readonly candidates: number | undefined;
    }
  | {
      readonly kind: "recommend";
      readonly positive: readonly VectorInput[];
      readonly negative: readonly VectorInput[];
      readonly strategy: Strategy;
    }
  | { readonly kind: "discover"; readonly target: VectorInput; readonly context: readonly ContextInput[] }
  | { readonly kind: "context"; readonly context: readonly ContextInput[] }
  | {
      readonly kind: "relevance-feedback";
      readonly target: VectorInput;
      readonly feedback: readonly { readonly example: VectorInput; readonly score: number }[];
      readonly a: number;
      readonly b: number;
      readonly c: number;
    };

export type Strategy = "average_vector" | "best_score" | "sum_scores";

export const vectorInput = parsedBy((value) => readVectorInput(value, ""), vectorInputSchema);

const examples = withDefault(z.array(vectorInput).max(examplesMax), []);
export const strategy = withDefault(oneOf(["average_vector", "best_score", "sum_scores"]), "average_vector");

/** Of a recommendation, wherever it stands. */
export const recommendFields = { positive: examples, negative: examples, strategy };

const DIVERSITY_DEFAULT = 0.5;
export const mmr = z.object({
  diversity: withDefault(number(0, 1), DIVERSITY_DEFAULT),
  candidates_limit: optional(integer(0, mmrCandidatesMax)),
});

const pair = z.object({ positive: vectorInput, negative: vectorInput });
const pairs = z.array(pair).max(examplesMax / 2);

function readContext(value: unknown): readonly ContextInput[] {
  if (value === null) return [];
  if (value === undefined) throw new MurmurationError("format", "missing field");
  return Array.isArray(value) ? validate(pairs, value) : [validate(pair, value)];
}

const pairSchema = { type: "object", properties: { positive: vectorInputSchema, negative: vectorInputSchema } };
/** One pair, several or none. */
export const context = parsedBy(readContext, {
  oneOf: [pairSchema, { type: "array", items: pairSchema, maxItems: examplesMax / 2 }, { type: "null" }],
});

export const recommend = z.object({ recommend: z.object(recommendFields) });
export const discover = z.object({ discover: z.object({ target: vectorInput, context }) });
export const contextQuery = z.object({ context });
export const relevanceFeedback = z.object({
  relevance_feedback: z.object({
    target: vectorInput,
    feedback: z.array(z.object({ example: vectorInput, score: number() })).max(feedbackMax),
    strategy: z.object({ naive: z.object({ a: number(), b: number(0), c: number() }) }),
  }),
});
