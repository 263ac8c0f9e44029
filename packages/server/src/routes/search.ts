import type { Emit, NearestQuery, ScoredPoint, ScrolledPoint, SearchParameters } from "@murmuration/core";
import { MurmurationError, type Sliced } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { JsonText } from "../http/json-text.js";
import { within } from "../http/schemas/fields.js";
import { readParameters } from "../http/schemas/parameters.js";
import { plainQuery, plainSearch } from "../http/schemas/plain-query.js";
import {
  type QueryBody,
  queryBatchBody,
  queryBody,
  type SearchBody,
  type SearchParams,
  searchBatchBody,
  searchBody,
} from "../http/schemas/query.js";
import { checkSelected, checkVector, vectorSpaceOf } from "./check-vectors.js";
import { printScored, renderRecord, renderScored, selectionOf } from "./render.js";
import { collectionParams, plainCollectionParams, type Route, route } from "./route.js";

/** A page no larger than this is asked for as it is; a larger one is first cut to the number of points. */
const largePage = 10_000;

/** int8 distances alone answer only when `rescore` is turned off; ignoring quantisation is then the contrary wish. */
function searchParameters(params: SearchParams | undefined): SearchParameters {
  const { hnsw_ef: efSearch, exact, quantization } = params ?? {};
  const rescore = quantization?.ignore === true ? true : quantization?.rescore;
  return {
    ...(efSearch === undefined ? {} : { efSearch }),
    ...(exact === true ? { exact } : {}),
    ...(rescore === undefined ? {} : { rescore }),
    ...(quantization?.oversampling === undefined ? {} : { oversampling: quantization.oversampling }),
  };
}

/** A number of rows, cut to how many there are where it is large. */
function cutRows(database: Database, collection: string, rows: number): number {
  return rows <= largePage ? rows : Math.min(rows, Math.max(largePage, database.statistics(collection).points));
}

function commonOf(database: Database, name: string, body: Omit<SearchBody, "vector">) {
  return {
    limit: cutRows(database, name, body.limit),
    offset: cutRows(database, name, body.offset),
    parameters: searchParameters(body.params),
    selection: selectionOf(body),
    ...(body.filter === undefined ? {} : { filter: body.filter }),
    ...(body.score_threshold === undefined ? {} : { scoreThreshold: body.score_threshold }),
  };
}

/** Writes what it finds to the answer. */
type Run = (answer: JsonText) => Sliced<void>;

/** Points by id, each with the score 1: what a query without a query is. */
function page(database: Database, name: string, body: QueryBody): Run {
  const selection = selectionOf(body);
  const limit = cutRows(database, name, body.offset + body.limit);
  const request = { limit, selection, ...(body.filter === undefined ? {} : { filter: body.filter }) };
  return function* (answer) {
    let passed = 0;
    yield* answer.list<ScrolledPoint, unknown>(
      (emit) =>
        database.scroll(name, request, (point) => {
          if (passed++ >= body.offset) emit(point);
        }),
      (point) => ({ ...renderRecord(point, selection), version: 0, score: 1 }),
    );
  };
}

function nearest(database: Database, name: string, request: NearestQuery): Run {
  const { payload, vectors } = request.selection;
  const read = (emit: Emit<ScoredPoint>) => database.query(name, request, emit);
  if (payload === false && vectors === false) return (answer) => answer.printed<ScoredPoint, void>(read, printScored);
  return (answer) => answer.list<ScoredPoint, void>(read, (point) => renderScored(point, request.selection));
}

function checkLookup(database: Database, lookup: QueryBody["lookup_from"], using: string): void {
  if (lookup === undefined) return;
  try {
    vectorSpaceOf(database.collection(lookup.collection), lookup.vector ?? using, "lookup_from.vector");
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "not-found") throw error;
    throw new MurmurationError("not-found", `Collection ${lookup.collection} not found`, "lookup_from.collection");
  }
}

/** A query ready to run: all that can be refused has been. */
function planQuery(database: Database, name: string, body: QueryBody): Run {
  const hasPrefetch = body.prefetch === true;
  const merge = "A query is needed to merge the prefetches. Can't have prefetches without defining a query.";
  const threshold =
    "A query is needed to use the score_threshold. Can't have score_threshold without defining a query.";
  if (hasPrefetch && body.query === undefined) throw new MurmurationError("bad-request", merge, "prefetch");
  if (hasPrefetch) throw new MurmurationError("unsupported", "prefetch is not supported yet", "prefetch");

  const collection = database.collection(name);
  const { query: target, using, lookup_from: lookupFrom } = body;
  checkSelected(collection, body.with_vector);
  if (target === undefined) {
    if (using !== "") vectorSpaceOf(collection, using, "using");
    if (body.score_threshold !== undefined) throw new MurmurationError("bad-request", threshold, "score_threshold");
    return page(database, name, body);
  }
  if (target instanceof Float32Array) checkVector(collection, using, target, "query");
  else vectorSpaceOf(collection, using, "using");
  checkLookup(database, lookupFrom, using);

  const request: NearestQuery = {
    ...commonOf(database, name, body),
    query: target,
    using,
    ...(lookupFrom === undefined
      ? {}
      : {
          lookupFrom: {
            collection: lookupFrom.collection,
            ...(lookupFrom.vector === undefined ? {} : { vector: lookupFrom.vector }),
          },
        }),
  };
  return nearest(database, name, request);
}

function planSearch(database: Database, name: string, body: SearchBody): Run {
  const { using, vector } = body.vector;
  const collection = database.collection(name);
  checkVector(collection, using, vector, "vector");
  checkSelected(collection, body.with_vector);
  const request: NearestQuery = { ...commonOf(database, name, body), query: vector, using };
  return nearest(database, name, request);
}

/** The answer of one query: `{"points": […]}`. */
function inPoints(run: Run): Run {
  return function* (answer) {
    answer.raw('{"points":');
    yield* run(answer);
    answer.raw("}");
  };
}

function* answerOf(run: Run): Sliced<JsonText> {
  const answer = new JsonText();
  yield* run(answer);
  return answer;
}

/** Checks all of a batch before any of it runs; then its answer is as of one moment for each of its items, one after the other. */
function batchOf<Body>(searches: readonly Body[], plan: (body: Body) => Run): Run {
  return function* (answer) {
    const plans: Run[] = [];
    for (const [i, body] of searches.entries()) {
      plans.push(within(`searches[${i}]`, () => plan(body)));
      yield "pause";
    }
    let separator = "[";
    for (const run of plans) {
      answer.raw(separator);
      separator = ",";
      yield* run(answer);
    }
    answer.raw(plans.length === 0 ? "[]" : "]");
  };
}

/** Collections that vectors are looked up in. */
function lookupsOf(searches: readonly QueryBody[]): string[] {
  return searches.flatMap(({ lookup_from: lookup }) => (lookup === undefined ? [] : [lookup.collection]));
}

const common = {
  method: "POST",
  tag: "search",
  params: collectionParams,
  plainParams: plainCollectionParams,
  query: readParameters,
  session: "read",
  answer: "sliced",
} as const;

export const searchRoutes: readonly Route[] = [
  route({
    ...common,
    path: "/collections/{collection_name}/points/query",
    summary: "Nearest points of a vector or of a stored point",
    body: queryBody,
    plainBody: plainQuery,
    alsoReads: (body) => lookupsOf([body]),
    handle: ({ database, params, body }) => answerOf(inPoints(planQuery(database, params.collection_name, body))),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/query/batch",
    summary: "Several queries, answered in order",
    body: queryBatchBody,
    alsoReads: ({ searches }) => lookupsOf(searches),
    handle: ({ database, params, body }) => {
      database.collection(params.collection_name);
      const plan = (search: QueryBody) => inPoints(planQuery(database, params.collection_name, search));
      return answerOf(batchOf(body.searches, plan));
    },
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/search",
    summary: "Nearest points of a vector (the older form of query)",
    body: searchBody,
    plainBody: plainSearch,
    handle: ({ database, params, body }) => answerOf(planSearch(database, params.collection_name, body)),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/search/batch",
    summary: "Several searches, answered in order",
    body: searchBatchBody,
    handle: ({ database, params, body }) => {
      database.collection(params.collection_name);
      const plan = (search: SearchBody) => planSearch(database, params.collection_name, search);
      return answerOf(batchOf(body.searches, plan));
    },
  }),
];
