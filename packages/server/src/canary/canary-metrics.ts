import { metric as printMetric, type Sample } from "../dialect-metrics.js";
import type { CanaryStatus } from "./canaries.js";
import type { GraphFigures } from "./messages.js";

const help = {
  murmur_canary_points:
    "vectors in the graph, by graph: first is the one that serves, canary the one that is held against it",
  murmur_canary_bytes: "memory of the graph",
  murmur_canary_recall: "recall against exact search, of the queries that were asked of both",
  murmur_canary_seconds: "median of how long these take in the thread that compares",
  murmur_canary_compared_total: "queries that were asked of both graphs",
  murmur_canary_lag_seconds: "how long the canary has not been at the state of the first graph",
} as const;

type Name = keyof typeof help;

function metric(name: Name, samples: readonly (readonly [Sample[0], number | undefined])[]): string {
  const type = name.endsWith("_total") ? "counter" : "gauge";
  const known = samples.filter((one): one is Sample => one[1] !== undefined);
  return printMetric(name, help[name], type, known);
}

/** The metrics of the canary that there is, as Prometheus reads them; nothing without one. */
export function canaryMetrics(status: CanaryStatus | undefined): string {
  const figures = status?.figures;
  if (figures === undefined) return "";
  const each = (read: (graph: GraphFigures) => number | undefined) =>
    [
      [{ graph: "first" }, read(figures.first)],
      [{ graph: "canary" }, read(figures.canary)],
    ] as const;
  return [
    metric(
      "murmur_canary_points",
      each(({ points }) => points),
    ),
    metric(
      "murmur_canary_bytes",
      each(({ bytes }) => bytes),
    ),
    metric(
      "murmur_canary_recall",
      each(({ recall }) => recall),
    ),
    metric(
      "murmur_canary_seconds",
      each(({ p50Us }) => (p50Us === undefined ? undefined : p50Us / 1e6)),
    ),
    metric("murmur_canary_compared_total", [[{}, figures.compared]]),
    metric("murmur_canary_lag_seconds", [[{}, figures.lagMs / 1_000]]),
  ].join("");
}
