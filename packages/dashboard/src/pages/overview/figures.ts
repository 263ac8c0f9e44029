import { type Histogram, since, together, total } from "../../histogram.js";
import { readMetrics, type Sample } from "../../metrics-text.js";

/** What one route answered since the server's start. */
export interface RouteFigures {
  /** `POST /collections/{collection_name}/points/query` */
  readonly route: string;
  readonly durations: Histogram;
  /** Answers above 399. */
  readonly refused: number;
  readonly isRead: boolean;
}

/** What the overview shows of one look at `/metrics`. */
export interface Figures {
  readonly atMs: number;
  readonly collections: number;
  readonly points: number;
  readonly vectors: number;
  readonly byCollection: readonly { readonly name: string; readonly points: number; readonly graphBytes: number }[];
  readonly routes: readonly RouteFigures[];
  /** Since the server's start. */
  readonly pointsUpserted: number;
  readonly commands: number;
  readonly applied: number;
  readonly memoryUsed: number;
  readonly memoryLimit: number;
  readonly resident: number;
  readonly logBytes: number;
  /** NaN where the file system does not say. */
  readonly diskFree: number;
  readonly diskSize: number;
  readonly version: string;
}

/** What this page, probes and monitoring ask is no work of the database. */
const isAside = (endpoint: string) =>
  /^\/(metrics|murmur|dashboard|telemetry|[a-z]+z)?(\/|$)|^unknown$|^\*$/.test(endpoint);
const isWrite = (method: string, endpoint: string) =>
  method === "DELETE" ||
  method === "PATCH" ||
  (method === "PUT" && !/\/recover$/.test(endpoint)) ||
  /\/points\/(delete|batch|payload|vectors)(\/|$)|\/index$|\/aliases$|\/snapshots$/.test(endpoint);

function routesOf(samples: readonly Sample[]): RouteFigures[] {
  const byRoute = new Map<string, { byStatus: Map<string, [number, number][]>; method: string; endpoint: string }>();
  for (const { name, labels, value } of samples) {
    const { method = "", endpoint = "", status = "", le = "" } = labels;
    if (name !== "rest_responses_duration_seconds_bucket" || isAside(endpoint) || method === "HEAD") continue;
    const route = `${method} ${endpoint}`;
    const of = byRoute.get(route) ?? { byStatus: new Map<string, [number, number][]>(), method, endpoint };
    byRoute.set(route, of);
    const buckets = of.byStatus.get(status) ?? [];
    of.byStatus.set(status, buckets);
    buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
  }
  return Array.from(byRoute, ([route, { byStatus, method, endpoint }]) => {
    const all = Array.from(byStatus, ([status, buckets]) => {
      const sorted = buckets.sort(([a], [b]) => a - b);
      return {
        status: Number(status),
        durations: { bounds: sorted.map(([bound]) => bound), counts: sorted.map(([, count]) => count) },
      };
    });
    return {
      route,
      durations: together(all.map(({ durations }) => durations)),
      refused: all.filter(({ status }) => status >= 400).reduce((sum, { durations }) => sum + total(durations), 0),
      isRead: !isWrite(method, endpoint),
    };
  });
}

/** Reads the text of `/metrics` as of `atMs`. */
export function figuresOf(text: string, atMs: number): Figures {
  const samples = readMetrics(text);
  const values = new Map(
    samples.filter(({ labels }) => Object.keys(labels).length === 0).map((one) => [one.name, one.value]),
  );
  const one = (name: string) => values.get(name) ?? Number.NaN;
  const sum = (name: string) => samples.reduce((all, sample) => (sample.name === name ? all + sample.value : all), 0);
  const by = (name: string, label: string) =>
    new Map(samples.filter((sample) => sample.name === name).map(({ labels, value }) => [labels[label] ?? "", value]));
  const graphBytes = by("murmur_graph_bytes", "collection");
  return {
    atMs,
    collections: one("collections_total"),
    points: sum("collection_points"),
    vectors: one("collections_vector_total"),
    byCollection: Array.from(by("collection_points", "id"), ([name, points]) => ({
      name,
      points,
      graphBytes: graphBytes.get(name) ?? 0,
    })),
    routes: routesOf(samples),
    pointsUpserted: sum("murmur_points_upserted_total"),
    commands: sum("murmur_commands_total"),
    applied: sum("murmur_applied_operations_total"),
    memoryUsed: one("murmur_memory_used_bytes"),
    memoryLimit: one("murmur_memory_limit_bytes"),
    resident: one("memory_resident_bytes"),
    logBytes: one("murmur_log_bytes"),
    diskFree: one("murmur_disk_free_bytes"),
    diskSize: one("murmur_disk_size_bytes"),
    version: samples.find(({ name }) => name === "murmur_info")?.labels["version"] ?? "",
  };
}

/** Durations of all routes together. */
export function durationsOf({ routes }: Figures, accepts: (route: RouteFigures) => boolean = () => true): Histogram {
  return together(routes.filter(accepts).map(({ durations }) => durations));
}

/** What grew between two looks, a second; `undefined`: the server began anew, or there was no look before. */
export function rate(
  earlier: Figures | undefined,
  later: Figures,
  read: (figures: Figures) => number,
): number | undefined {
  if (earlier === undefined || later.atMs <= earlier.atMs) return undefined;
  const grown = read(later) - read(earlier);
  return grown < 0 ? undefined : (grown * 1000) / (later.atMs - earlier.atMs);
}

/** Durations of answers between two looks, of all routes or of those that are accepted. */
export function durationsSince(
  earlier: Figures | undefined,
  later: Figures,
  accepts: (route: RouteFigures) => boolean = () => true,
): Histogram {
  const now = durationsOf(later, accepts);
  return earlier === undefined ? now : since(durationsOf(earlier, accepts), now);
}
