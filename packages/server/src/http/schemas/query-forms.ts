import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { integer, type JsonSchema, number, oneOf, optional, parsedBy, withDefault } from "./fields.js";
import { validate } from "./validate.js";
import { readVectorInput, type VectorInput, vectorInputSchema } from "./vector-input.js";

/** What a query asks for, as its body says it. */
export type QueryForm =
  | { readonly kind: "nearest"; readonly target: VectorInput }
  | { readonly kind: "rrf"; readonly k: number; readonly weights?: readonly number[] }
  | { readonly kind: "dbsf" };

/** Beside the formula of the literature, which has 60. */
const RRF_K_DEFAULT = 2;
const RRF_K_MAX = 2 ** 32 - 1;

const nearest = z.object({
  nearest: parsedBy((value) => readVectorInput(value, ""), vectorInputSchema),
  mmr: parsedBy(
    (value): undefined => {
      if (value === null || value === undefined) return undefined;
      throw new MurmurationError("unsupported", "mmr is not supported yet");
    },
    { description: "Not supported yet." },
  ).optional(),
});

const fusion = z.object({ fusion: oneOf(["rrf", "dbsf"]) });

const rrf = z.object({
  rrf: z.object({ k: withDefault(integer(1, RRF_K_MAX), RRF_K_DEFAULT), weights: optional(z.array(number())) }),
});

/** One form of a query that is an object: known by a field, read by a schema. */
interface Form {
  readonly schema: z.ZodType;
  readonly read: (value: unknown) => QueryForm;
}

function form<Schema extends z.ZodType>(schema: Schema, toForm: (read: z.output<Schema>) => QueryForm): Form {
  return { schema, read: (value) => toForm(validate(schema, value)) };
}

/** By the field that says which it is; of two, the first here counts. */
const forms: { readonly [field: string]: Form } = {
  nearest: form(nearest, ({ nearest: target }) => ({ kind: "nearest", target })),
  fusion: form(fusion, ({ fusion: kind }) => (kind === "rrf" ? { kind, k: RRF_K_DEFAULT } : { kind })),
  rrf: form(rrf, ({ rrf: { k, weights } }) => ({ kind: "rrf", k, ...(weights === undefined ? {} : { weights }) })),
};

/** Forms that the dialect knows beside those. */
const otherForms = ["recommend", "discover", "context", "order_by", "sample", "formula", "relevance_feedback"];

function readQuery(value: unknown): QueryForm {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [field, { read }] of Object.entries(forms)) if (Object.hasOwn(value, field)) return read(value);
    const other = otherForms.find((known) => Object.hasOwn(value, known));
    if (other !== undefined) throw new MurmurationError("unsupported", `${other} queries are not supported yet`, other);
  }
  return { kind: "nearest", target: readVectorInput(value, "") };
}

function described({ schema }: Form): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}

/** The `query` of a query. */
export const query = parsedBy(readQuery, {
  oneOf: [...vectorInputSchema.oneOf, ...Object.values(forms).map(described)],
});
