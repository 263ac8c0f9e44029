import {
  type Filter,
  MurmurationError,
  parseFilter,
  prefetchDepthMax,
  prefetchesMax,
  type Vector,
} from "@murmuration/index";
import { z } from "zod";
import { efSearchMax, queryBatchSizeMax } from "../http-limits.js";
import { type ContextInput, context, recommendFields, vectorInput } from "./example-forms.js";
import { inputSchemaOf, integer, number, optional, parsedBy, rowCount, shown, withDefault, within } from "./fields.js";
import { filter } from "./filter.js";
import { groupFields, legacyGroupFields } from "./groups.js";
import { name } from "./names.js";
import { type QueryForm, query } from "./query-forms.js";
import { selectionFields } from "./selection.js";
import { shardKeyOfRead } from "./shard-key.js";
import { selectionSpellings, spelled } from "./spellings.js";
import { type IssueParameters, validate } from "./validate.js";
import type { VectorInput } from "./vector-input.js";
import { denseVectorSchema, readVector, refuseOtherVector, vectorSchema } from "./vectors.js";

/** Among which points the indices of sparse vectors are counted. */
const idfScope = parsedBy(
  (value): "global" | { readonly corpus: Filter } => {
    if (value === "global") return value;
    if (typeof value !== "object" || value === null || !("corpus" in value))
      throw new MurmurationError("format", 'expected "global" or {"corpus": filter}');
    return { corpus: within("corpus", () => parseFilter(value.corpus, "")) };
  },
  {
    oneOf: [{ const: "global" }, { type: "object", properties: { corpus: { type: "object" } }, required: ["corpus"] }],
  },
);

export const searchParams = z.object({
  hnsw_ef: optional(integer(1, efSearchMax)),
  exact: withDefault(z.boolean(), false),
  quantization: optional(
    z.object({
      ignore: withDefault(z.boolean(), false),
      rescore: optional(z.boolean()),
      oversampling: optional(number(1, 1_000)),
    }),
  ),
  indexed_only: optional(z.boolean()),
  acorn: optional(z.object({ enable: optional(z.boolean()), max_selectivity: optional(number(0, 1)) })),
  idf: optional(idfScope),
});
export type SearchParams = z.output<typeof searchParams>;

const lookupFrom = z.object({
  collection: name,
  vector: optional(z.string()),
  shard_key: shardKeyOfRead,
});

const selectedFields = { ...selectionFields(false), shard_key: shardKeyOfRead };
const answerFields = { offset: withDefault(rowCount(0), 0), ...selectedFields };

const searchFields = {
  filter,
  params: optional(searchParams),
  score_threshold: optional(number()),
  ...answerFields,
};

/** 0 passes here and is refused by `refuseLimitZero`, under the name that the dialect gives the field there. */
const atLeastOne = rowCount(1);
const queryLimit = withDefault(
  parsedBy((value) => (value === 0 ? 0 : validate(atLeastOne, value)), { type: "integer", minimum: 1 }),
  10,
);

function refuseLimitZero(body: { readonly limit: number }, context: z.RefinementCtx): void {
  if (body.limit !== 0) return;
  const params: IssueParameters = { code: "validation" };
  context.addIssue({
    code: "custom",
    path: ["internal", "limit"],
    message: "value 0 invalid, must be 1 or larger",
    params: { ...params },
  });
}

/** Of queries and prefetches alike. */
const sourceFields = {
  query: optional(query),
  using: withDefault(z.string(), ""),
  lookup_from: optional(lookupFrom),
  filter,
  params: optional(searchParams),
  score_threshold: optional(number()),
  limit: queryLimit,
};

/** What is fetched before it is ranked. */
export type Prefetch = z.output<z.ZodObject<typeof sourceFields>> & {
  readonly prefetch?: readonly Prefetch[] | undefined;
};

const prefetchFields = z.object({ ...sourceFields, prefetch: optional(parsedBy(readPrefetches, {})) });

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Throws `validation` for prefetches inside of prefetches beyond what is carried out. */
function checkDepth(value: unknown): void {
  let count = 0;
  let level = listOf(value);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth >= prefetchDepthMax) {
      throw new MurmurationError("validation", `nested more than ${prefetchDepthMax} levels deep, which is the limit`);
    }
    count += level.length;
    if (count > prefetchesMax) {
      throw new MurmurationError("validation", `more than ${prefetchesMax} prefetches, which is the limit`);
    }
    level = level.flatMap((one) => {
      const inner = typeof one === "object" && one !== null && "prefetch" in one ? one.prefetch : undefined;
      return inner === undefined || inner === null ? [] : listOf(inner);
    });
  }
}

function readPrefetches(value: unknown): readonly Prefetch[] | undefined {
  checkDepth(value);
  const read = (one: unknown) => validate(prefetchBody, one);
  const prefetches = Array.isArray(value) ? value.map((one, i) => within(`[${i}]`, () => read(one))) : [read(value)];
  return prefetches.length === 0 ? undefined : prefetches;
}

const prefetchBody = prefetchFields.superRefine(refuseLimitZero);

const prefetch = optional(
  parsedBy(readPrefetches, () => {
    const one = inputSchemaOf(prefetchFields);
    return { oneOf: [one, { type: "array", items: one, maxItems: prefetchesMax }] };
  }),
);

const queryFields = z.object({ ...sourceFields, ...answerFields, prefetch });
export const queryBody = spelled(queryFields.superRefine(refuseLimitZero), selectionSpellings);
export type QueryBody = z.output<typeof queryBody>;

const groupsQueryFields = z.object({ ...sourceFields, ...selectedFields, ...groupFields, prefetch });
export const groupsQueryBody = spelled(groupsQueryFields.superRefine(refuseLimitZero), selectionSpellings);

/** What is to be explained: a query, or with `group_by` one whose answer is in groups. */
export const explainBody = parsedBy(
  (value) =>
    typeof value === "object" && value !== null && "group_by" in value
      ? { kind: "groups" as const, ...validate(groupsQueryBody, value) }
      : { kind: "query" as const, ...validate(queryBody, value) },
  () => inputSchemaOf(queryFields),
);

/** The vector of a legacy search, with the name of the vector it is compared with. */
export interface LegacyVector {
  readonly using: string;
  readonly vector: Vector;
}

function readLegacyVector(value: unknown): LegacyVector {
  if (Array.isArray(value)) return { using: "", vector: readVector(value, "", "query") };
  if (typeof value !== "object" || value === null || !("name" in value)) return refuseOtherVector(value, "");
  if (typeof value.name !== "string")
    throw new MurmurationError("format", `expected string, got ${shown(value.name)}`, "name");
  const vector = "vector" in value ? value.vector : undefined;
  return { using: value.name, vector: readVector(vector, "vector", "query") };
}

const legacyVector = parsedBy(readLegacyVector, {
  oneOf: [
    denseVectorSchema,
    {
      type: "object",
      properties: { name: { type: "string" }, vector: vectorSchema },
      required: ["name", "vector"],
    },
  ],
});
const legacySpellings = { ...selectionSpellings, top: "limit" };

const searchRequest = z.object({ vector: legacyVector, limit: rowCount(1), ...searchFields });
export const searchBody = spelled(searchRequest, legacySpellings);
export type SearchBody = z.output<typeof searchBody>;

/** Of the older routes: what they ask for in a query of today. */
const legacyFields = {
  filter,
  params: optional(searchParams),
  score_threshold: optional(number()),
  limit: rowCount(1),
  ...selectedFields,
};
const offset = withDefault(rowCount(0), 0);
const namedFields = { ...legacyFields, using: withDefault(z.string(), ""), lookup_from: optional(lookupFrom) };

const toSearch = <Body extends { readonly vector: LegacyVector }>({ vector, ...rest }: Body) => {
  const query: QueryForm = { kind: "nearest", target: vector.vector };
  return { ...rest, query, using: vector.using, lookup_from: undefined, prefetch: undefined };
};
type RecommendFields = Omit<Extract<QueryForm, { kind: "recommend" }>, "kind">;
const toRecommendation = <Body extends RecommendFields>({ positive, negative, strategy, ...rest }: Body) => {
  const query: QueryForm = { kind: "recommend", positive, negative, strategy };
  return { ...rest, query, prefetch: undefined };
};
interface DiscoverFields {
  readonly target: VectorInput | undefined;
  readonly context: readonly ContextInput[] | undefined;
}
const toDiscovery = <Body extends DiscoverFields>({ target, context: pairs, ...rest }: Body) => {
  const context = pairs ?? [];
  const query: QueryForm = target === undefined ? { kind: "context", context } : { kind: "discover", target, context };
  return { ...rest, query, prefetch: undefined };
};
function refuseAimless({ target, context: pairs }: DiscoverFields, refinement: z.RefinementCtx): void {
  if (target !== undefined || (pairs !== undefined && pairs.length > 0)) return;
  const params: IssueParameters = { code: "bad-request" };
  const message = "A target or a context is needed to discover points";
  refinement.addIssue({ code: "custom", path: ["target"], message, params: { ...params } });
}

const searchGroupsFields = z.object({ vector: legacyVector, ...legacyFields, ...legacyGroupFields });
export const searchGroupsBody = spelled(searchGroupsFields, legacySpellings).transform(toSearch);

export const recommendBody = spelled(
  z.object({ ...recommendFields, ...namedFields, offset }),
  legacySpellings,
).transform(toRecommendation);
const recommendGroupsFields = z.object({ ...recommendFields, ...namedFields, ...legacyGroupFields });
export const recommendGroupsBody = spelled(recommendGroupsFields, legacySpellings).transform(toRecommendation);

const discoverFields = z
  .object({ target: optional(vectorInput), context: optional(context), ...namedFields, offset })
  .superRefine(refuseAimless);
export const discoverBody = spelled(discoverFields, legacySpellings).transform(toDiscovery);

function batchOf<Body extends z.ZodType>(body: Body) {
  return z.object({ searches: z.array(body).max(queryBatchSizeMax) });
}

export const queryBatchBody = batchOf(queryBody);
export const searchBatchBody = batchOf(searchBody);
export const recommendBatchBody = batchOf(recommendBody);
export const discoverBatchBody = batchOf(discoverBody);
