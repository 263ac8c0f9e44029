import { type Formula, MurmurationError, parseFormula } from "@murmuration/index";
import { z } from "zod";
import {
  contextQuery,
  discover,
  type ExampleForm,
  mmr,
  recommend,
  relevanceFeedback,
  vectorInput,
} from "./example-forms.js";
import {
  anyObject,
  inputSchemaOf,
  integer,
  itemsOf,
  number,
  oneOf,
  optional,
  parsedBy,
  withDefault,
} from "./fields.js";
import { type OrderBy, orderBy } from "./reads.js";
import { validate } from "./validate.js";
import { readVectorInput, type VectorInput, vectorInputSchema } from "./vector-input.js";

/** What a query asks for, as its body says it. */
export type QueryForm =
  | { readonly kind: "nearest"; readonly target: VectorInput }
  | ExampleForm
  | { readonly kind: "order-by"; readonly orderBy: OrderBy }
  | { readonly kind: "sample" }
  | { readonly kind: "formula"; readonly formula: Formula }
  | { readonly kind: "rrf"; readonly k: number; readonly weights?: readonly number[] }
  | { readonly kind: "dbsf" };

/** Beside the formula of the literature, which has 60. */
const RRF_K_DEFAULT = 2;
const RRF_K_MAX = 2 ** 32 - 1;

const nearest = z.object({ nearest: vectorInput, mmr: optional(mmr) });

const fusion = z.object({ fusion: oneOf(["rrf", "dbsf"]) });

const rrf = z.object({
  rrf: z.object({ k: withDefault(integer(1, RRF_K_MAX), RRF_K_DEFAULT), weights: optional(itemsOf(number())) }),
});

/** One form of a query that is an object: known by a field, read by a schema. */
interface Form {
  readonly schema: z.ZodType;
  readonly read: (value: unknown) => QueryForm;
}

function form<Schema extends z.ZodType>(schema: Schema, toForm: (read: z.output<Schema>) => QueryForm): Form {
  return { schema, read: (value) => toForm(validate(schema, value)) };
}

const formulaSchema = z.object({ formula: z.unknown(), defaults: optional(anyObject) });

const root = "query";

function readFormula(value: unknown): QueryForm {
  const { formula, defaults } = validate(formulaSchema, value);
  try {
    return { kind: "formula", formula: parseFormula(formula, defaults ?? {}, `${root}.formula`) };
  } catch (error) {
    // its messages begin with the whole path, of which the field of a query is a part
    if (!(error instanceof MurmurationError) || error.field === undefined) throw error;
    throw new MurmurationError(error.code, error.message, error.field.slice(root.length + 1), error);
  }
}

/** By the field that says which it is; of two, the first here counts. */
const forms: { readonly [field: string]: Form } = {
  nearest: form(nearest, ({ nearest: target, mmr: relevance }) =>
    relevance === undefined
      ? { kind: "nearest", target }
      : { kind: "mmr", target, diversity: relevance.diversity, candidates: relevance.candidates_limit },
  ),
  recommend: form(recommend, ({ recommend: asked }) => ({ kind: "recommend", ...asked })),
  discover: form(discover, ({ discover: asked }) => ({ kind: "discover", ...asked })),
  context: form(contextQuery, ({ context }) => ({ kind: "context", context })),
  order_by: form(z.object({ order_by: orderBy }), ({ order_by: by }) => ({ kind: "order-by", orderBy: by })),
  sample: form(z.object({ sample: oneOf(["random"]) }), () => ({ kind: "sample" })),
  fusion: form(fusion, ({ fusion: kind }) => (kind === "rrf" ? { kind, k: RRF_K_DEFAULT } : { kind })),
  rrf: form(rrf, ({ rrf: { k, weights } }) => ({ kind: "rrf", k, ...(weights === undefined ? {} : { weights }) })),
  formula: { schema: formulaSchema, read: readFormula },
  relevance_feedback: form(relevanceFeedback, ({ relevance_feedback: { target, feedback, strategy } }) => ({
    kind: "relevance-feedback",
    target,
    feedback,
    ...strategy.naive,
  })),
};

function readQuery(value: unknown): QueryForm {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [field, { read }] of Object.entries(forms)) if (Object.hasOwn(value, field)) return read(value);
  }
  return { kind: "nearest", target: readVectorInput(value, "") };
}

/** The `query` of a query. */
export const query = parsedBy(readQuery, () => ({
  oneOf: [...vectorInputSchema.oneOf, ...Object.values(forms).map(({ schema }) => inputSchemaOf(schema))],
}));
