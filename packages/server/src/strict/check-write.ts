import {
  type Collection,
  type Command,
  commandsOf,
  isPointWrite,
  type NamedVectors,
  type PointCommand,
} from "@murmuration/core";
import { isDense, isSparse } from "@murmuration/index";
import type { CollectionStatistics } from "../engine/database.js";
import { shortestFloat32 } from "../http/float32.js";
import type { StrictModeConfig } from "../http/schemas/strict-mode.js";
import { checkFilter } from "./check-filter.js";
import { requireWithin, strictError } from "./strict-error.js";

/** What a collection holds, as far as its limits ask for it. */
export interface Held {
  readonly statistics: () => CollectionStatistics;
  /** Percent of the machine's memory that this process takes. */
  readonly residentPercent: () => number;
}

/** How much of a write limit a command takes: its points. */
export function costOfWrite(command: Command): number {
  if (!isPointWrite(command)) return 1;
  return commandsOf(command).reduce((sum, each) => sum + ("points" in each ? Math.max(1, each.points.length) : 1), 0);
}

function checkVectors(
  vectors: NamedVectors,
  { sparse_config: sparse, multivector_config: multi }: StrictModeConfig,
): void {
  for (const [name, vector] of Object.entries(vectors)) {
    if (isDense(vector)) continue;
    const [kind, what, count, limit] = isSparse(vector)
      ? (["Sparse vector", "indices", vector.indices.length, sparse?.[name]?.max_length] as const)
      : (["Multivector", "vectors", vector.values.length / vector.dimensions, multi?.[name]?.max_vectors] as const);
    if (limit === undefined || count <= limit) continue;
    const problem = `${kind} '${name}' has a limit of ${limit} ${what}, but ${count} were provided!`;
    throw strictError(problem, `Give fewer ${what}.`);
  }
}

function requireRoom(held: number, limit: number | bigint | undefined, what: string, help: string): void {
  if (limit !== undefined && held >= limit) throw strictError(`Max ${what} limit of ${limit} reached!`, help);
}

/** The same of bytes, which are told in MiB. */
function requireBytes(held: number, limit: number | bigint, what: string, help: string): void {
  const megabytes = shortestFloat32(Math.fround(Number(limit) / 1_048_576));
  if (held >= limit) throw strictError(`Max ${what} storage size limit of ${megabytes}MB reached!`, help);
}

function checkPayloadBytes({ max_collection_payload_size_bytes: limit }: StrictModeConfig, held: Held): void {
  const bytes = limit === undefined ? undefined : held.statistics().payloadBytes;
  if (limit !== undefined && bytes !== undefined) requireBytes(bytes, limit, "payload", "Delete points or payloads.");
}

function checkMemory({ max_resident_memory_percent: limit }: StrictModeConfig, held: Held): void {
  if (limit === undefined) return;
  const help = "Delete points, or raise max_resident_memory_percent.";
  requireRoom(held.residentPercent(), limit, "resident memory percent", help);
}

function checkAdded(config: StrictModeConfig, { vectors }: Collection, held: Held): void {
  if (config.max_points_count !== undefined) {
    requireRoom(held.statistics().points, config.max_points_count, "points count", "Delete points.");
  }
  if (config.max_collection_vector_size_bytes !== undefined) {
    const counts = held.statistics().vectors;
    const bytes = Object.entries(vectors).reduce((sum, [name, space]) => {
      const size = "size" in space && typeof space.size === "number" ? space.size : 0;
      return sum + (counts[name] ?? 0) * size * Float32Array.BYTES_PER_ELEMENT;
    }, 0);
    requireBytes(bytes, config.max_collection_vector_size_bytes, "vector", "Delete points or vectors.");
  }
}

function checkPointCommand(command: PointCommand, config: StrictModeConfig, collection: Collection, held: Held): void {
  const mayBeUnindexed = config.unindexed_filtering_update;
  if ("target" in command && "filter" in command.target)
    checkFilter(command.target.filter, config, collection, mayBeUnindexed);
  if ("updateFilter" in command && command.updateFilter !== undefined)
    checkFilter(command.updateFilter, config, collection, mayBeUnindexed);
  if ("points" in command) {
    const what = command.kind === "upsert-points" ? "upsert limit" : "update limit";
    requireWithin(command.points.length, config.upsert_max_batchsize, what);
    if (config.sparse_config !== undefined || config.multivector_config !== undefined)
      for (const { vectors } of command.points) checkVectors(vectors, config);
  }
  if ("points" in command) checkAdded(config, collection, held);
  if ("points" in command || command.kind === "set-payload" || command.kind === "overwrite-payload") {
    checkPayloadBytes(config, held);
    checkMemory(config, held);
  }
}

/** Throws where a write is more than a collection in strict mode takes. */
export function checkWrite(command: Command, config: StrictModeConfig, collection: Collection, held: Held): void {
  if (isPointWrite(command)) for (const each of commandsOf(command)) checkPointCommand(each, config, collection, held);
  if (command.kind !== "create-payload-index" || config.max_payload_index_count === undefined) return;
  const { payloadIndexes } = collection;
  if (Object.hasOwn(payloadIndexes, command.path)) return;
  const count = Object.keys(payloadIndexes).length;
  if (count < config.max_payload_index_count) return;
  throw strictError(
    `Collection already contains the maximum number of payload indexes: ${config.max_payload_index_count} (max_payload_index_count)`,
    "Delete an index before this one is created.",
  );
}
