import { pointIdFromText } from "@murmuration/index";
import { z } from "zod";
import { validationSamplesMax } from "../http/http-limits.js";
import { integer, withDefault } from "../http/schemas/fields.js";
import { dialectVersion } from "../version.js";
import { vectorSpaceOf } from "./check-vectors.js";
import { leftOutAnswer } from "./left-out-answer.js";
import { collectionParams, none, type Route, route } from "./route.js";

const validateBody = z.object({ samples: withDefault(integer(1, validationSamplesMax), 100) }).nullish();

/** What this database answers beyond the dialect. */
export const murmurRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/status",
    tag: "murmur",
    summary: "Version, readiness and shards of this replica",
    params: none,
    query: none,
    body: none,
    handle: ({ database }) => {
      const { version, replicaId, uptimeSeconds, ready, reason, reasons, leftOut, shards } = database.status();
      return {
        version,
        dialect_version: dialectVersion,
        replica_id: replicaId,
        uptime_seconds: uptimeSeconds,
        ready,
        ...(reason === undefined ? {} : { reason, reasons }),
        ...leftOutAnswer(leftOut),
        shards: shards.map(({ collection, shard, points, graphBytes, unconfirmedFrom }) => ({
          collection,
          shard,
          points,
          graph_bytes: graphBytes,
          ...(unconfirmedFrom === undefined ? {} : { unconfirmed_from: unconfirmedFrom }),
        })),
      };
    },
  }),
  route({
    method: "GET",
    path: "/murmur/collections/{collection_name}/digest",
    tag: "murmur",
    summary: "Frontier and digests: equal frontiers mean equal digests, on every replica",
    params: collectionParams,
    query: none,
    body: none,
    handle: ({ database, params }) => database.digest(params.collection_name),
  }),
  route({
    method: "POST",
    path: "/murmur/collections/{collection_name}/validate",
    tag: "murmur",
    summary: "Check every rule of the graph and measure recall on stored points",
    params: collectionParams,
    query: none,
    body: validateBody,
    handle: ({ database, params, body }) => database.validate(params.collection_name, body?.samples ?? 100),
  }),
  route({
    method: "GET",
    path: "/murmur/collections/{collection_name}/points/{id}/links",
    tag: "murmur",
    summary: "Neighbours of a point in the graph, by layer",
    params: collectionParams.extend({ id: z.string() }),
    query: z.object({ vector: z.string().optional() }),
    body: none,
    handle: ({ database, params, query }) => {
      const id = pointIdFromText(params.id);
      const vector = query.vector ?? "";
      vectorSpaceOf(database.collection(params.collection_name), vector, "vector");
      return database.links(params.collection_name, id, vector);
    },
  }),
];
