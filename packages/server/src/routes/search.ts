import type { PointsQuery, Sliced } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { within } from "../http/schemas/fields.js";
import { searchParameters } from "../http/schemas/parameters.js";
import { plainQuery, plainSearch } from "../http/schemas/plain-query.js";
import {
  discoverBatchBody,
  discoverBody,
  groupsQueryBody,
  queryBatchBody,
  queryBody,
  recommendBatchBody,
  recommendBody,
  recommendGroupsBody,
  searchBatchBody,
  searchBody,
  searchGroupsBody,
} from "../http/schemas/query.js";
import type { SearchesReading } from "../read/reading.js";
import { lookupsOf, planGroups, planQuery, planSearch, ReadNames } from "./plan-query.js";
import { collectionParams, plainCollectionParams, type Read, type Route, route } from "./route.js";

/** Checks a search, and says what it asks of the reader. */
type Plan<Body> = (database: Database, body: Body, names: ReadNames) => PointsQuery;

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
  const searches: PointsQuery[] = [];
  database.collection(params.collection_name);
  for (const [i, one] of body.searches.entries()) {
    searches.push(within(`searches[${i}]`, () => plan(database, one, names)));
    yield "pause";
  }
  return readOf(names, query, { searches, isBatch: true, shape });
}

function groupsRead({ database, params, query, body }: Asked<Parameters<typeof planGroups>[1]>): Read {
  const names = new ReadNames(params.collection_name);
  const untilSettled = query.settled === true ? { untilSettled: true } : {};
  const groups = planGroups(database, body, names);
  return { names: names.all, reading: { kind: "groups", query: groups, ...untilSettled } };
}

/** Collections that a query in groups reads beside the one that it searches. */
const groupsLookupsOf = (body: Parameters<typeof planGroups>[1]): string[] => [
  ...lookupsOf([body]),
  ...(body.with_lookup === undefined ? [] : [body.with_lookup.collection]),
];

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
  route({
    ...common,
    path: "/collections/{collection_name}/points/query/groups",
    summary: "Points of a query in groups by what stands at a payload path",
    body: groupsQueryBody,
    alsoReads: groupsLookupsOf,
    handle: groupsRead,
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/search/groups",
    summary: "Nearest points of a vector in groups (the older form of query/groups)",
    body: searchGroupsBody,
    alsoReads: groupsLookupsOf,
    handle: groupsRead,
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/recommend",
    summary: "Points like examples (the older form of query)",
    body: recommendBody,
    alsoReads: (body) => lookupsOf([body]),
    handle: (asked) => singleRead(asked, planQuery, "list"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/recommend/batch",
    summary: "Several recommendations, answered in order",
    body: recommendBatchBody,
    alsoReads: ({ searches }) => lookupsOf(searches),
    handle: (asked) => batchRead(asked, planQuery, "list"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/recommend/groups",
    summary: "Points like examples in groups (the older form of query/groups)",
    body: recommendGroupsBody,
    alsoReads: groupsLookupsOf,
    handle: groupsRead,
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/discover",
    summary: "Points on the right side of pairs (the older form of query)",
    body: discoverBody,
    alsoReads: (body) => lookupsOf([body]),
    handle: (asked) => singleRead(asked, planQuery, "list"),
  }),
  route({
    ...common,
    path: "/collections/{collection_name}/points/discover/batch",
    summary: "Several discoveries, answered in order",
    body: discoverBatchBody,
    alsoReads: ({ searches }) => lookupsOf(searches),
    handle: (asked) => batchRead(asked, planQuery, "list"),
  }),
];
