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
    query: none,
    body: none,
    answer: "bare",
    handle: async () => ({ statusCode: 200, ...(await metrics.read()) }),
  });
}
