import { readFileSync } from "node:fs";
import { visibleCollections } from "@murmuration/core";
import type { Database } from "./engine/database.js";
import type { Durations, RequestStatistics, SeriesName } from "./request-statistics.js";
import type { Snapshots } from "./snapshots/snapshots.js";

type Labels = { readonly [name: string]: string };
/** What a metric is of something, by its labels. */
export type Sample = readonly [Labels, number];

function labelText(labels: Labels): string {
  const escaped = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A metric as Prometheus reads it; nothing without samples. */
export function metric(name: string, help: string, type: "gauge" | "counter", samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

/** Threads of this process, where the system says how many. */
function threads(): readonly Sample[] {
  try {
    const count = /^Threads:\s*(\d+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return count === undefined ? [] : [[{}, Number(count)]];
  } catch {
    return [];
  }
}

function responses(series: readonly { readonly name: SeriesName; readonly durations: Durations }[]): string {
  const labels = ({ method, endpoint, status, collection }: SeriesName): Labels => ({
    method,
    endpoint,
    status: String(status),
    ...(collection === undefined ? {} : { collection }),
  });
  const samples = (read: (of: Durations) => number) =>
    series.map(({ name, durations }): Sample => [labels(name), read(durations)]);
  return [
    metric(
      "rest_responses_total",
      "total number of responses",
      "counter",
      samples(({ count }) => count),
    ),
    metric(
      "rest_responses_avg_duration_seconds",
      "average response duration",
      "gauge",
      samples(({ total, count }) => total / count),
    ),
    metric(
      "rest_responses_min_duration_seconds",
      "minimum response duration",
      "gauge",
      samples(({ min }) => min),
    ),
    metric(
      "rest_responses_max_duration_seconds",
      "maximum response duration",
      "gauge",
      samples(({ max }) => max),
    ),
  ].join("");
}

/**
 * Metrics under the dialect's names that follow from counts which are there anyway. What it counts of its own insides and there is nothing of here
 * (segments, transfers, a consensus) is 0 or missing.
 */
export function dialectMetrics(
  database: Pick<Database, "catalogue" | "allStatistics">,
  statistics: RequestStatistics,
  isPerCollection: boolean,
  snapshots?: Snapshots["counts"],
): string {
  const collections = visibleCollections(database.catalogue).map(({ name }) => name);
  const each = (value: (name: string) => number): Sample[] => collections.map((id): Sample => [{ id }, value(id)]);
  const vectors = [...database.allStatistics()].flatMap(([id, { vectors }]) =>
    Object.entries(vectors).map(([vector, count]): Sample => [{ id, vector }, count]),
  );
  const total = vectors.reduce((sum, [, count]) => sum + count, 0);
  const one = (value: number): Sample[] => [[{}, value]];
  const none = each(() => 0);
  const byName = (counts: ReadonlyMap<string, number> | undefined) => each((name) => counts?.get(name) ?? 0);
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { minorPageFault, majorPageFault } = process.resourceUsage();
  return [
    metric("app_status_recovery_mode", "is the recovery mode on", "gauge", one(0)),
    metric("collections_vector_total", "vectors in all collections", "gauge", one(total)),
    metric("collection_vectors", "vectors by collection and name", "gauge", vectors),
    metric("collection_active_replicas_min", "least number of active replicas", "gauge", one(1)),
    metric("collection_active_replicas_max", "largest number of active replicas", "gauge", one(1)),
    metric(
      "collection_running_optimizations",
      "optimizations under way",
      "gauge",
      each(() => 0),
    ),
    metric("collection_dead_replicas", "replicas that do not answer", "gauge", one(0)),
    metric(
      "collection_update_queue_length",
      "writes that wait",
      "gauge",
      each(() => 0),
    ),
    metric("snapshot_creation_running", "snapshots that are being made", "gauge", byName(snapshots?.creating)),
    metric(
      "snapshot_recovery_running",
      "recoveries from snapshots, those that wait too",
      "gauge",
      byName(snapshots?.recovering),
    ),
    metric("snapshot_created_total", "snapshots that were made since the start", "counter", byName(snapshots?.created)),
    metric("collection_indexed_only_excluded_points", "points that searches of indexed ones pass over", "gauge", none),
    metric("collection_shard_transfer_incoming", "shards that are moved here", "gauge", none),
    metric("collection_shard_transfer_outgoing", "shards that are moved away", "gauge", none),
    metric("memory_active_bytes", "heaps of this process", "gauge", one(heapTotal)),
    metric("memory_allocated_bytes", "what is used of them", "gauge", one(heapUsed + external)),
    metric("memory_metadata_bytes", "not counted", "gauge", one(0)),
    metric("memory_resident_bytes", "resident memory", "gauge", one(rss)),
    metric("memory_retained_bytes", "not counted", "gauge", one(0)),
    metric("process_threads", "threads", "gauge", threads()),
    metric("process_minor_page_faults_total", "page faults without input", "counter", one(minorPageFault)),
    metric("process_major_page_faults_total", "page faults with input", "counter", one(majorPageFault)),
    responses([...(isPerCollection ? statistics.seriesByCollection() : statistics.series())]),
  ].join("");
}
