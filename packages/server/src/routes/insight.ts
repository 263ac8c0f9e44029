import { MurmurationError, type QualityQuery, type WalkQuery } from "@murmuration/index";
import { z } from "zod";
import { qualityBody, walkBody } from "../http/schemas/insight.js";
import { integerParameter, readParameters } from "../http/schemas/parameters.js";
import { vectorSpaceOf } from "./check-vectors.js";
import { isWithoutGraph } from "./collection-settings.js";
import { planQuery, ReadNames } from "./plan-query.js";
import { collectionParams, none, type Read, type Route, route } from "./route.js";

const CONFLICTS_DEFAULT = 20;
const CONFLICTS_MAX = 100;

const searchedExactly = () =>
  new MurmurationError(
    "wrong-input",
    "m is 0: every search of this vector compares all points, and finds all",
    "using",
  );

/** What the dashboard looks into a collection with: how a search walks, how good it is, which writes met. */
export const insightRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/murmur/collections/{collection_name}/graph/walk",
    tag: "murmur",
    summary: "How a query walks through the graph, step by step, and what it comes to",
    params: collectionParams,
    query: readParameters,
    session: "read",
    answer: "read",
    body: walkBody,
    handle: ({ database, params, body }) => {
      const names = new ReadNames(params.collection_name);
      const others = { lookup_from: undefined, prefetch: undefined, score_threshold: undefined };
      const selection = { offset: 0, with_payload: false, with_vector: false };
      const query = { kind: "nearest" as const, target: body.query };
      const planned = planQuery(database, { ...body, ...others, ...selection, query }, names);
      const { node, using, limit, parameters, filter } = planned;
      if (node.kind !== "nearest") throw new Error("a walk is that of a nearest-neighbour query");
      const walk: WalkQuery = { target: node.target, using, limit, parameters, ...(filter && { filter }) };
      return { names: names.all, reading: { kind: "walk", query: walk } } satisfies Read;
    },
  }),
  route({
    method: "POST",
    path: "/murmur/collections/{collection_name}/quality",
    tag: "murmur",
    summary: "Recall and latency of the search now, by width, on a sample of stored points",
    params: collectionParams,
    query: readParameters,
    session: "read",
    answer: "read",
    body: qualityBody,
    handle: ({ database, params, body }) => {
      const { hnsw_ef: given, using, samples, seed, limit } = body ?? qualityBody.unwrap().unwrap().parse({});
      const collection = database.collection(params.collection_name);
      vectorSpaceOf(collection, using, "using");
      if (isWithoutGraph(collection, using)) throw searchedExactly();
      const widths = [...new Set(given)].map((efSearch) => ({ efSearch }));
      const query: QualityQuery = { using, samples, seed, limit, widths, exact: true };
      return { names: [params.collection_name], reading: { kind: "quality", query } } satisfies Read;
    },
  }),
  route({
    method: "GET",
    path: "/murmur/collections/{collection_name}/conflicts",
    tag: "murmur",
    summary: "The latest writes of one point that did not know of each other: both sides, the winner and why",
    params: collectionParams,
    query: z.object({ limit: integerParameter(1) }),
    body: none,
    handle: ({ database, params, query }) => {
      const { limit = CONFLICTS_DEFAULT } = query;
      if (limit > CONFLICTS_MAX)
        throw new MurmurationError("validation", `value ${limit} invalid, must be from 1 to ${CONFLICTS_MAX}`, "limit");
      return database.conflicts(params.collection_name, limit);
    },
  }),
];
