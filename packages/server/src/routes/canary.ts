import { buildingOf, keyOfVector } from "@murmuration/core";
import { MurmurationError, vectorIndexLimits } from "@murmuration/index";
import { z } from "zod";
import type { CanaryStatus } from "../canary/canaries.js";
import { canaryShareDefault } from "../canary/canary-limits.js";
import type { GraphFigures } from "../canary/messages.js";
import { integer, number, optional, withDefault } from "../http/schemas/fields.js";
import { collectionParams, none, type Route, type RouteContext, route } from "./route.js";

const { links, efConstruction } = vectorIndexLimits;

const startBody = z.object({
  vector: withDefault(z.string(), ""),
  m: optional(integer(links.min, links.max)),
  ef_construct: optional(integer(efConstruction.min, efConstruction.max)),
  share: withDefault(number(0.0001, 1), canaryShareDefault),
});

type Context = RouteContext<{ readonly collection_name: string }, unknown, unknown>;

function canariesOf({ canaries }: Context) {
  if (canaries === undefined) throw new MurmurationError("unsupported", "there are no canaries here");
  return canaries;
}

function graphAnswer(
  parameters: CanaryStatus["parameters"]["first"],
  figures: GraphFigures | undefined,
): { readonly [figure: string]: number | null } {
  return {
    m: parameters.links,
    ef_construct: parameters.efConstruction,
    points: figures?.points ?? null,
    dead: figures?.dead ?? null,
    bytes: figures?.bytes ?? null,
    links_per_point: figures?.meanLinks ?? null,
    recall: figures?.recall ?? null,
    p50_us: figures?.p50Us ?? null,
    p99_us: figures?.p99Us ?? null,
  };
}

/** Graphs that are being made beside those that serve, by whichever replica. */
function promotionsOf({ database, params }: Context): object[] {
  const collection = database.collection(params.collection_name);
  return Object.keys(collection.vectors).flatMap((vector) => {
    const building = buildingOf(collection, keyOfVector(collection, vector) ?? vector);
    if (building === undefined) return [];
    const { space, by } = building;
    return [{ vector, m: space.links, ef_construct: space.efConstruction, replica_id: by }];
  });
}

function answerOf(context: Context, status = canariesOf(context).status(context.params.collection_name)): object {
  return { canary: status === undefined ? null : canaryAnswer(status), promotions: promotionsOf(context) };
}

/** Give up what this replica makes. Returns whether there was something. */
async function giveUpOwn({ database, params, write }: Context): Promise<boolean> {
  const { collection_name: name } = params;
  const collection = database.collection(name);
  let isOther: number | undefined;
  let isGiven = false;
  for (const vector of Object.keys(collection.vectors)) {
    const by = buildingOf(collection, keyOfVector(collection, vector) ?? vector)?.by;
    if (by === undefined) continue;
    if (by !== database.status().replicaId) isOther = by;
    else {
      await write({ kind: "give-up-graph", collection: name, vector, by });
      isGiven = true;
    }
  }
  if (isOther !== undefined && !isGiven)
    throw new MurmurationError("conflict", `replica ${isOther} promotes a canary: drop it there`);
  return isGiven;
}

function canaryAnswer(status: CanaryStatus): object {
  const { figures, parameters, ended } = status;
  const state = ended !== undefined ? "ended" : figures?.isComplete === true ? "following" : "building";
  return {
    collection: status.collection,
    vector: status.vector,
    state,
    reason: ended ?? null,
    share: status.share,
    started: new Date(status.startedMs).toISOString(),
    restarts: status.restarts,
    lag: { vectors: figures?.lagVectors ?? null, seconds: figures === undefined ? null : figures.lagMs / 1_000 },
    queries: {
      seen: status.seen,
      passed_over: status.passedOver,
      compared: figures?.compared ?? 0,
      exact: figures?.exact ?? 0,
      dropped: figures?.dropped ?? 0,
      overlap: figures?.overlap ?? null,
    },
    first: graphAnswer(parameters.first, figures?.first),
    canary: graphAnswer(parameters.canary, figures?.canary),
  };
}

const common = {
  path: "/murmur/collections/{collection_name}/canary",
  tag: "murmur",
  params: collectionParams,
  query: none,
} as const;

/** A second graph beside the one that serves, on this replica alone, to be held against it. */
export const canaryRoutes: readonly Route[] = [
  route({
    ...common,
    method: "GET",
    summary:
      "The canary of this collection here, null where there is none: recall, latency and memory of both graphs; and what is being promoted, wherever",
    body: none,
    handle: (context) => answerOf(context),
  }),
  route({
    ...common,
    method: "POST",
    summary: "Build a second graph beside that of a vector, on this replica, and ask a share of the queries of both",
    body: startBody,
    handle: (context) => {
      const { vector, m, ef_construct, share } = context.body;
      const wish = {
        vector,
        share,
        ...(m === undefined ? {} : { links: m }),
        ...(ef_construct === undefined ? {} : { efConstruction: ef_construct }),
      };
      return answerOf(context, canariesOf(context).start(context.params.collection_name, wish));
    },
  }),
  route({
    ...common,
    method: "DELETE",
    summary: "Drop the canary of this collection here, and give up what this replica promotes; whether there was one",
    body: none,
    handle: async (context) => {
      const isDropped = await canariesOf(context).drop(context.params.collection_name);
      if (isDropped && promotionsOf(context).length === 0) return true;
      return (await giveUpOwn(context)) || isDropped;
    },
  }),
  route({
    ...common,
    path: `${common.path}/promote`,
    method: "POST",
    summary:
      "Have the vector linked by the canary's parameters on every replica: another graph is made, and takes the place of the one that serves",
    body: none,
    handle: async (context) => {
      const { write, params } = context;
      await canariesOf(context).promote(params.collection_name, write);
      return answerOf(context);
    },
  }),
];
