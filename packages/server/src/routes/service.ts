import { randomUUID } from "node:crypto";
import { visibleCollections } from "@murmuration/core";
import { z } from "zod";
import { booleanParameter, integerParameter } from "../http/schemas/parameters.js";
import { commit, dialectVersion } from "../version.js";
import { type BareAnswer, none, type Route, type RouteContext, route } from "./route.js";

const text = (body: string, statusCode = 200): BareAnswer => ({
  statusCode,
  contentType: "text/plain; charset=utf-8",
  body,
});

export const json = (body: unknown): BareAnswer => ({
  statusCode: 200,
  contentType: "application/json; charset=utf-8",
  body,
});

/** Identity of this process, for telemetry. */
const instanceId = randomUUID();
const startup = new Date().toISOString();

const probe = { method: "GET", tag: "service", params: none, query: none, body: none, answer: "bare" } as const;

const telemetryParameters = z.object({
  details_level: integerParameter(0),
  anonymize: booleanParameter,
  per_collection: booleanParameter,
  timeout: integerParameter(1),
});

export const serviceRoutes: readonly Route[] = [
  route({
    ...probe,
    path: "/",
    summary: "Name and version of the dialect, as clients check them",
    handle: () => json({ title: "qdrant - vector search engine", version: dialectVersion, commit }),
  }),
  route({ ...probe, path: "/healthz", summary: "Is the process up", handle: () => text("healthz check passed") }),
  route({
    ...probe,
    path: "/livez",
    summary: "Is the process up, and its engine with it",
    handle: ({ database }: RouteContext<unknown, unknown, unknown>) => {
      const ended = database.endedBecause();
      return ended === undefined ? text("healthz check passed") : text(`${ended}: this process ends`, 503);
    },
  }),
  route({
    ...probe,
    path: "/readyz",
    summary: "Are reads and writes served",
    handle: ({ database }: RouteContext<unknown, unknown, unknown>) => {
      const { ready, reasons } = database.status();
      // the dialect's line, then one for each reason
      return ready ? text("all shards are ready") : text(["some shards are not ready", ...reasons].join("\n"), 503);
    },
  }),
  route({
    method: "GET",
    path: "/telemetry",
    tag: "service",
    summary: "What runs here",
    params: none,
    query: telemetryParameters,
    body: none,
    handle: ({ database }) => ({
      id: instanceId,
      app: { name: "qdrant", version: dialectVersion, startup },
      collections: { number_of_collections: visibleCollections(database.catalogue).length },
    }),
  }),
  route({
    method: "GET",
    path: "/cluster",
    tag: "service",
    summary: "State of the dialect's own kind of cluster, which this is not",
    params: none,
    query: none,
    body: none,
    handle: () => ({ status: "disabled" }),
  }),
];
