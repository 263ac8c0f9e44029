import type { Caller } from "../access/caller.js";
import { whyNot } from "../access/rights.js";
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

/** Reasons name collections and files, and probes ask nobody for a key: a server that has keys keeps them for /murmur/status. */
const mayHearWhy = ({ access }: Caller): boolean => whyNot(access, "global-read", undefined) === undefined;

const probe = { method: "GET", tag: "service", params: none, query: none, body: none, answer: "bare" } as const;

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
    handle: ({ database, caller }: RouteContext<unknown, unknown, unknown>) => {
      const ended = database.endedBecause();
      if (ended === undefined) return text("healthz check passed");
      return text(mayHearWhy(caller) ? `${ended}: this process ends` : "this process ends", 503);
    },
  }),
  route({
    ...probe,
    path: "/readyz",
    summary: "Are reads and writes served",
    handle: ({ database, caller }: RouteContext<unknown, unknown, unknown>) => {
      const { ready, reasons } = database.status();
      // the dialect's line, then one for each reason
      const told = mayHearWhy(caller) ? reasons : [];
      return ready ? text("all shards are ready") : text(["some shards are not ready", ...told].join("\n"), 503);
    },
  }),
];
