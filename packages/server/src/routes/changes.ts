import { MurmurationError, type Source } from "@murmuration/index";
import { z } from "zod";
import { livePointsMax } from "../changes/change-limits.js";
import { exactly } from "../changes/live-reads.js";
import { lastEventIdHeader, placeOf } from "../changes/stream-place.js";
import { booleanParameter } from "../http/schemas/parameters.js";
import { queryBody } from "../http/schemas/query.js";
import { lookupsOf, planQuery, ReadNames } from "./plan-query.js";
import { collectionParams, none, type Route, route, SentEvents } from "./route.js";

const EVENT_STREAM = "text/event-stream; charset=utf-8";

const changesQuery = z.object({
  from: z.string().optional(),
  with_payload: booleanParameter,
  with_vector: booleanParameter,
});

/** Is it at random what it finds? */
function isDrawn({ node, prefetch = [] }: Source): boolean {
  return node.kind === "sample" || prefetch.some(isDrawn);
}

/** What happens in a collection, as server-sent events. */
export const changesRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/collections/{collection_name}/changes",
    tag: "murmur",
    summary: "What is written from now on, or since a token, as server-sent events",
    params: collectionParams,
    query: changesQuery,
    body: none,
    answer: "events",
    handle: ({ database, changes, params, query }) => {
      const collection = database.collection(params.collection_name);
      const told = { withPayload: query.with_payload ?? true, withVector: query.with_vector ?? false };
      return new SentEvents((request, reply) => {
        const from = placeOf(query.from, request.headers[lastEventIdHeader], collection);
        // throws where it is not served
        database.statistics(params.collection_name);
        changes.requireRoom();
        // who asks for the head alone follows nothing
        if (request.method === "HEAD") return void reply.type(EVENT_STREAM).send("");
        changes.begin(request, reply, { collection: params.collection_name, from, told });
      });
    },
  }),
  route({
    method: "POST",
    path: "/murmur/collections/{collection_name}/live",
    tag: "murmur",
    summary: "The exact answer to a query, and what becomes of it from now on, as server-sent events",
    params: collectionParams,
    query: none,
    body: queryBody,
    answer: "events",
    handle: ({ database, changes, params, body }) => {
      const names = new ReadNames(params.collection_name);
      if (lookupsOf([body]).length > 0)
        throw new MurmurationError(
          "bad-request",
          "lookup_from: a live query looks up points in its own collection alone",
          "lookup_from",
        );
      const query = planQuery(database, body, names);
      if (query.offset > 0) throw new MurmurationError("bad-request", "offset: a live query has no offset", "offset");
      if (query.limit > livePointsMax)
        throw new MurmurationError("bad-request", `limit: a live query has ${livePointsMax} points at most`, "limit");
      if (isDrawn(query))
        throw new MurmurationError(
          "bad-request",
          "query: a sample is another one each time, and not kept true",
          "query",
        );
      // strict mode is asked of what is done, not of what the request says
      const reading = { kind: "searches", searches: [exactly(query)], isBatch: false, shape: "list" } as const;
      return new SentEvents(
        (request, reply) => {
          database.statistics(params.collection_name);
          changes.requireRoom(true);
          changes.beginLive(request, reply, { collection: params.collection_name, query });
        },
        { names: names.all, reading },
      );
    },
  }),
];
