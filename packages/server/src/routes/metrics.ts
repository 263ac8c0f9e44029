import { z } from "zod";
import { booleanParameter, integerParameter } from "../http/schemas/parameters.js";
import type { Metrics } from "../metrics.js";
import { none, type Route, route } from "./route.js";

/** The route of a server's metrics. */
export function metricsRoute(metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/metrics",
    tag: "service",
    summary: "Metrics for Prometheus",
    params: none,
    query: z.object({ anonymize: booleanParameter, per_collection: booleanParameter, timeout: integerParameter(1) }),
    body: none,
    answer: "bare",
    handle: async ({ query }) => ({ statusCode: 200, ...(await metrics.read(query.per_collection === true)) }),
  });
}
