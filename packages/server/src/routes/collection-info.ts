import {
  type Collection,
  isGraphKey,
  keyOfVector,
  type SparseVectorSpace,
  settingsOfVector,
  type VectorSpace,
} from "@murmuration/core";
import { isJsonObject, type JsonObject, type PayloadIndexSchema } from "@murmuration/index";
import type { CollectionStatistics } from "../engine/database.js";
import { definedOnly } from "../http/schemas/fields.js";
import { collectionGraph } from "./collection-settings.js";

const optimizerDefaults: JsonObject = {
  deleted_threshold: 0.2,
  vacuum_min_vector_number: 1000,
  default_segment_number: 0,
  max_segment_size: null,
  memmap_threshold: null,
  indexing_threshold: 10_000,
  flush_interval_sec: 5,
  max_optimization_threads: null,
};

const walDefaults: JsonObject = { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 };

const hnswDefaults: JsonObject = { full_scan_threshold: 10_000, max_indexing_threads: 0, on_disk: false };

function vectorParams(space: Exclude<VectorSpace, SparseVectorSpace>, given: JsonObject): JsonObject {
  return { size: space.size, distance: space.distance, ...given };
}

/** Of a vector whose graph was made anew by other parameters, these: what was asked for before does not hold any more. */
function graphParams(collection: Collection, name: string): JsonObject {
  const space = collection.vectors[name];
  if (space?.kind !== undefined || space === undefined || !isGraphKey(keyOfVector(collection, name) ?? "")) return {};
  const { hnsw_config: given } = settingsOfVector(collection, "vectors", name);
  const kept = isJsonObject(given) ? given : {};
  return { hnsw_config: { ...kept, m: kept.m === 0 ? 0 : space.links, ef_construct: space.efConstruction } };
}

/** In the shape it was given: one unnamed vector as it is, named ones as an object. */
function vectorsParams(collection: Collection): JsonObject {
  const given = (name: string) => ({
    ...settingsOfVector(collection, "vectors", name),
    ...graphParams(collection, name),
  });
  const entries = Object.entries(collection.vectors).flatMap(([name, space]) =>
    space.kind === "sparse" ? [] : [[name, space] as const],
  );
  const unnamed = entries[0]?.[0] === "" ? entries[0][1] : undefined;
  if (unnamed !== undefined && entries.length === 1) return vectorParams(unnamed, given(""));
  return Object.fromEntries(entries.map(([name, space]) => [name, vectorParams(space, given(name))]));
}

/** As it was given; absent where there are none. */
function sparseVectorsParams(collection: Collection): JsonObject | undefined {
  const entries = Object.entries(collection.vectors).flatMap(([name, space]) => {
    if (space.kind !== "sparse") return [];
    const given = settingsOfVector(collection, "sparse_vectors", name);
    return [[name, { ...definedOnly({ modifier: space.modifier }), ...given }] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function indexInfo(schema: PayloadIndexSchema, points: number): JsonObject {
  const { kind, lookup, range, parameters = {} } = schema;
  const params = { ...parameters, ...definedOnly({ lookup, range }) };
  return { data_type: kind, ...(Object.keys(params).length > 0 ? { params: { type: kind, ...params } } : {}), points };
}

/** yellow while readers do not use a payload index yet: it is being built, or there was no room for it. */
function statusOf({ payloadIndexes }: Collection, { payloadIndexPoints }: CollectionStatistics): "green" | "yellow" {
  return Object.keys(payloadIndexes).every((path) => Object.hasOwn(payloadIndexPoints, path)) ? "green" : "yellow";
}

/** The info page of a collection. */
export function collectionInfo(collection: Collection, statistics: CollectionStatistics): JsonObject {
  const { settings } = collection;
  const given = (name: string): JsonObject => {
    const value = settings[name];
    return isJsonObject(value) ? value : {};
  };
  const { strict_mode_config, metadata, sharding_method, payload, read_fan_out_factor, read_fan_out_delay_ms } =
    settings;
  return {
    status: statusOf(collection, statistics),
    optimizer_status: "ok",
    indexed_vectors_count: statistics.indexedVectors,
    points_count: statistics.points,
    segments_count: 1,
    config: {
      params: {
        vectors: vectorsParams(collection),
        shard_number: settings.shard_number ?? 1,
        replication_factor: settings.replication_factor ?? 1,
        write_consistency_factor: settings.write_consistency_factor ?? 1,
        on_disk_payload: settings.on_disk_payload ?? true,
        ...definedOnly({ sparse_vectors: sparseVectorsParams(collection) }),
        ...definedOnly({ sharding_method, payload, read_fan_out_factor, read_fan_out_delay_ms }),
      },
      hnsw_config: { ...hnswDefaults, ...given("hnsw_config"), ...collectionGraph(settings) },
      optimizer_config: { ...optimizerDefaults, ...given("optimizers_config") },
      wal_config: { ...walDefaults, ...given("wal_config") },
      quantization_config: settings.quantization_config ?? null,
      ...definedOnly({ strict_mode_config, metadata }),
    },
    payload_schema: Object.fromEntries(
      Object.entries(collection.payloadIndexes).map(([path, schema]) => [
        path,
        indexInfo(schema, statistics.payloadIndexPoints[path] ?? 0),
      ]),
    ),
  };
}
