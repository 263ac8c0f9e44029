import { MurmurationError, type SearchParameters, type Sliced } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { within } from "../http/schemas/fields.js";
import { searchParameters } from "../http/schemas/parameters.js";
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
import type { NearestSearch, PageSearch, Search, SearchesReading } from "../read/reading.js";
import { checkSelected, checkVector, vectorSpaceOf } from "./check-vectors.js";
import { selectionOf } from "./render.js";
import { collectionParams, plainCollectionParams, type Read, type Route, route } from "./route.js";

/** int8 distances alone answer only when `rescore` is turned off; ignoring quantisation is then the contrary wish. */
function parametersOf(params: SearchParams | undefined): SearchParameters {
  const { hnsw_ef: efSearch, exact, quantization } = params ?? {};
  const rescore = quantization?.ignore === true ? true : quantization?.rescore;
  return {
    ...(efSearch === undefined ? {} : { efSearch }),
    ...(exact === true ? { exact } : {}),
    ...(rescore === undefined ? {} : { rescore }),
    ...(quantization?.oversampling === undefined ? {} : { oversampling: quantization.oversampling }),
  };
}

function commonOf(body: Omit<SearchBody, "vector">) {
  return {
    limit: body.limit,
    offset: body.offset,
    parameters: parametersOf(body.params),
    selection: selectionOf(body),
    ...(body.filter === undefined ? {} : { filter: body.filter }),
    ...(body.score_threshold === undefined ? {} : { scoreThreshold: body.score_threshold }),
  };
}

/** Points by id, each with the score 1: what a query without a query is. */
function page(body: QueryBody): PageSearch {
  const { limit, offset, filter } = body;
  return { kind: "page", limit, offset, selection: selectionOf(body), ...(filter === undefined ? {} : { filter }) };
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

/** The collections of a read: the one that it searches, then those that vectors are looked up in. */
class ReadNames {
  readonly searched: string;
  readonly #places: Map<string, number>;

  constructor(searched: string) {
    this.searched = searched;
    this.#places = new Map([[searched, 0]]);
  }

  get all(): string[] {
    return [...this.#places.keys()];
  }

  /** Where a name stands among them. */
  placeOf(name: string): number {
    const place = this.#places.get(name) ?? this.#places.size;
    this.#places.set(name, place);
    return place;
  }
}

/** Checks a search, and says what it searches for. */
type Plan<Body> = (database: Database, body: Body, names: ReadNames) => Search;

/** What a query searches for, once all that can be refused has been. */
function planQuery(database: Database, body: QueryBody, names: ReadNames): Search {
  const hasPrefetch = body.prefetch === true;
  const merge = "A query is needed to merge the prefetches. Can't have prefetches without defining a query.";
  const threshold =
    "A query is needed to use the score_threshold. Can't have score_threshold without defining a query.";
  if (hasPrefetch && body.query === undefined) throw new MurmurationError("bad-request", merge, "prefetch");
  if (hasPrefetch) throw new MurmurationError("unsupported", "prefetch is not supported yet", "prefetch");

  const collection = database.collection(names.searched);
  const { query: target, using, lookup_from: lookupFrom } = body;
  checkSelected(collection, body.with_vector);
  if (target === undefined) {
    if (using !== "") vectorSpaceOf(collection, using, "using");
    if (body.score_threshold !== undefined) throw new MurmurationError("bad-request", threshold, "score_threshold");
    return page(body);
  }
  if (target instanceof Float32Array) checkVector(collection, using, target, "query");
  else vectorSpaceOf(collection, using, "using");
  checkLookup(database, lookupFrom, using);

  const query: NearestSearch["query"] = { ...commonOf(body), query: target, using };
  if (lookupFrom === undefined) return { kind: "nearest", query };
  const { collection: from, vector } = lookupFrom;
  const lookup = { collection: names.placeOf(from), ...(vector === undefined ? {} : { vector }) };
  return { kind: "nearest", query, lookup };
}

function planSearch(database: Database, body: SearchBody, names: ReadNames): Search {
  const { using, vector } = body.vector;
  const collection = database.collection(names.searched);
  checkVector(collection, using, vector, "vector");
  checkSelected(collection, body.with_vector);
  return { kind: "nearest", query: { ...commonOf(body), query: vector, using } };
}

/** What a route of searches is asked. */
interface Asked<Body> {
  readonly database: Database;
  readonly params: { readonly collection_name: string };
  readonly query: { readonly settled?: boolean | undefined };
  readonly body: Body;
}

type Shape = SearchesReading["shape"];

function readOf(names: ReadNames, query: Asked<unknown>["query"], reading: Omit<SearchesReading, "kind">): Read {
  const untilSettled = query.settled === true ? { untilSettled: true } : {};
  return { names: names.all, reading: { kind: "searches", ...reading, ...untilSettled } };
}

function singleRead<Body>({ database, params, query, body }: Asked<Body>, plan: Plan<Body>, shape: Shape): Read {
  const names = new ReadNames(params.collection_name);
  const searches = [plan(database, body, names)];
  return readOf(names, query, { searches, isBatch: false, shape });
}

/** Checks all of a batch before any of it runs. */
function* batchRead<Body>(
  { database, params, query, body }: Asked<{ readonly searches: readonly Body[] }>,
  plan: Plan<Body>,
  shape: Shape,
): Sliced<Read> {
  const names = new ReadNames(params.collection_name);
  const searches: Search[] = [];
  database.collection(params.collection_name);
  for (const [i, one] of body.searches.entries()) {
    searches.push(within(`searches[${i}]`, () => plan(database, one, names)));
    yield "pause";
  }
  return readOf(names, query, { searches, isBatch: true, shape });
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
  query: searchParameters,
  session: "read",
  answer: "read",
} as const;

export const searchRoutes: readonly Route[] = [
  route({
    ...common,
    path: "/collections/{collection_name}/points/query",
    summary: "Nearest points of a vector or of a stored point",
    body: queryBody,
    plainBody: plainQuery,
    alsoReads: (body) => lookupsOf([body]),
    handle: (asked) => singleRead(asked, planQuery, "points"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/query/batch",
    summary: "Several queries, answered in order",
    body: queryBatchBody,
    alsoReads: ({ searches }) => lookupsOf(searches),
    handle: (asked) => batchRead(asked, planQuery, "points"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/search",
    summary: "Nearest points of a vector (the older form of query)",
    body: searchBody,
    plainBody: plainSearch,
    handle: (asked) => singleRead(asked, planSearch, "list"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/search/batch",
    summary: "Several searches, answered in order",
    body: searchBatchBody,
    handle: (asked) => batchRead(asked, planSearch, "list"),
  }),
];
