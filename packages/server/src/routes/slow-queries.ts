import { z } from "zod";
import { integerParameter } from "../http/schemas/parameters.js";
import { slowQueriesKept } from "../slow-queries.js";
import { none, type Route, route } from "./route.js";

export const slowQueryRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/slow-queries",
    tag: "murmur",
    summary: "The latest requests that took longer than --slow-query-ms, newest first",
    params: none,
    query: z.object({ limit: integerParameter(1) }),
    body: none,
    handle: ({ slowQueries, query }) => {
      const { thresholdMs, counts } = slowQueries;
      return {
        threshold_ms: thresholdMs,
        noted: counts.noted,
        left_out: counts.leftOut,
        queries: slowQueries.list(Math.min(query.limit ?? slowQueriesKept, slowQueriesKept)),
      };
    },
  }),
];
