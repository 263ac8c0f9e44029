import { randomUUID } from "node:crypto";
import { availableParallelism, totalmem } from "node:os";
import { visibleCollections } from "@murmuration/core";
import type { JsonObject } from "@murmuration/index";
import { z } from "zod";
import type { Database } from "../engine/database.js";
import { booleanParameter, integerParameter } from "../http/schemas/parameters.js";
import type { Durations, RequestStatistics, SeriesName } from "../request-statistics.js";
import { dialectVersion } from "../version.js";
import { collectionInfo } from "./collection-info.js";
import { none, type Route, route } from "./route.js";

/** Identity of this process. */
const instanceId = randomUUID();
const startup = new Date().toISOString();

const parameters = z.object({
  details_level: integerParameter(0),
  anonymize: booleanParameter,
  per_collection: booleanParameter,
  timeout: integerParameter(1),
});

/** From which level on something is told, as in the dialect. */
const levels = { system: 1, requests: 1, collections: 2, configurations: 3, memory: 1 } as const;

const microseconds = (seconds: number) => Math.round(seconds * 1e6);

function durationsOf({ count, total, min, max }: Durations): JsonObject {
  return {
    count,
    avg_duration_micros: microseconds(total / count),
    min_duration_micros: microseconds(min),
    max_duration_micros: microseconds(max),
    total_duration_micros: microseconds(total),
  };
}

type Responses = { [route: string]: { [status: string]: JsonObject } };

function responsesOf(series: Iterable<{ readonly name: SeriesName; readonly durations: Durations }>): Responses {
  const responses: Responses = {};
  for (const { name, durations } of series) {
    const of = (responses[`${name.method} ${name.endpoint}`] ??= {});
    of[String(name.status)] = durationsOf(durations);
  }
  return responses;
}

function byCollection(statistics: RequestStatistics): { [collection: string]: Responses } {
  const all = [...statistics.seriesByCollection()];
  const names = new Set(all.map(({ name }) => name.collection as string));
  return Object.fromEntries(
    Array.from(names, (collection) => [
      collection,
      responsesOf(all.filter(({ name }) => name.collection === collection)),
    ]),
  );
}

function collectionsOf(database: Database, level: number, isAnonymous: boolean): JsonObject[] {
  const all = database.allStatistics();
  return visibleCollections(database.catalogue).flatMap((collection, i): JsonObject[] => {
    const statistics = all.get(collection.name);
    // quarantined: what it holds is not known
    if (statistics === undefined) return [];
    const info = collectionInfo(collection, statistics);
    const config = info.config as JsonObject;
    if (level < levels.configurations) {
      return [{ vectors: statistics.indexedVectors, optimizers_status: "ok", params: config.params ?? {} }];
    }
    const local = { variant_name: "local shard", total_optimized_points: statistics.points };
    const shard = { id: 0, key: null, local, remote: [], replicate_states: {} };
    const id = isAnonymous ? `collection-${i}` : collection.name;
    return [
      {
        id,
        init_time_ms: 0,
        config: isAnonymous ? { params: config.params ?? {} } : config,
        shards: [shard],
        transfers: [],
      },
    ];
  });
}

/** The route of a server's telemetry. `statistics`: of the answers that it has sent. */
export function telemetryRoute(statistics: RequestStatistics): Route {
  return route({
    method: "GET",
    path: "/telemetry",
    tag: "service",
    summary: "What runs here, in as much detail as is asked for",
    params: none,
    query: parameters,
    body: none,
    handle: async ({ database, query }) => {
      await statistics.told();
      const { details_level: level = 0, anonymize = false, per_collection: isPerCollection = false } = query;
      const { catalogue } = database;
      const system = {
        is_docker: false,
        cores: availableParallelism(),
        ram_size: Math.round(totalmem() / 1024),
        cpu_flags: "",
      };
      const rest = {
        responses: responsesOf(statistics.series()),
        ...(isPerCollection && !anonymize ? { per_collection_responses: byCollection(statistics) } : {}),
      };
      const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
      return {
        id: instanceId,
        app: { name: "qdrant", version: dialectVersion, startup, ...(level >= levels.system ? { system } : {}) },
        collections: {
          number_of_collections: visibleCollections(catalogue).length,
          ...(level >= levels.collections ? { collections: collectionsOf(database, level, anonymize) } : {}),
        },
        ...(level >= levels.requests
          ? { cluster: { enabled: false }, requests: { rest, grpc: { responses: {} } } }
          : {}),
        ...(level >= levels.memory
          ? {
              memory: {
                active_bytes: heapTotal,
                allocated_bytes: heapUsed + external,
                metadata_bytes: 0,
                resident_bytes: rss,
                retained_bytes: 0,
              },
            }
          : {}),
      };
    },
  });
}
