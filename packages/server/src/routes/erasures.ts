import type { ErasureReplica, ErasureStatus } from "@murmuration/core";
import { type Json, MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { Caller } from "../access/caller.js";
import type { Erasures, ErasuresReport } from "../erasure/erasures.js";
import { name } from "../http/schemas/names.js";
import { deletePointsBody } from "../http/schemas/points.js";
import { deleteCommand } from "./point-commands.js";
import { none, type Route, type RouteContext, route } from "./route.js";

function required(erasures: Erasures | undefined): Erasures {
  if (erasures !== undefined) return erasures;
  throw new MurmurationError("bad-request", "this server erases nothing");
}

type Context = Pick<RouteContext<unknown, unknown, unknown>, "database">;

/** What may still hold something of it, and until when that is known to end. */
interface Held {
  readonly where: string;
  readonly what: string;
  readonly until?: string;
}

const iso = (ms: number) => new Date(ms).toISOString();

const stages: { readonly [stage in ErasureStatus["here"]["stage"]]: string } = {
  delivery: "a member has not said that it holds the deletes",
  purge: "deleted points are not forgotten by all yet",
  stability: "a member has not said that it holds what forgets them",
  log: "the log is being compacted and scrubbed, or waits for readers",
  outside: "images, snapshots, backups and the broker are being freed of it",
  held: "the collection is quarantined here, or waits for a snapshot of another member",
  erased: "",
};

function heldBy(
  one: ErasureReplica,
  region: string,
  status: ErasureStatus,
  self: number,
  failure: string | undefined,
): Held[] {
  const where = `replica ${one.replica}${region === "" ? "" : ` (${region})`}`;
  if (one.state === "out-of-reach") return [{ where, what: "it was evicted: what it holds is out of reach" }];
  if (one.state === "waiting") {
    if (one.replica !== self) return [{ where, what: "it has not said that it has nothing of it any more" }];
    const { stage, failure: why } = status.here;
    const because = [why, stage === "outside" ? failure : undefined].find((text) => text !== undefined);
    return [{ where, what: stages[stage] + (because === undefined ? "" : `: ${because}`) }];
  }
  return heldOutside(where, one.done);
}

/** What a receipt says that others keep. */
function heldOutside(where: string, done: { readonly [what: string]: Json }): Held[] {
  const held: Held[] = [];
  for (const kind of ["snapshots", "backups"] as const) {
    const kept = (done[kind] as { readonly kept?: { readonly total?: unknown; readonly names?: unknown } } | undefined)
      ?.kept;
    if (typeof kept?.total !== "number" || kept.total === 0 || !Array.isArray(kept.names)) continue;
    held.push({
      where,
      what: `${kept.total} ${kind} that were kept (--erasure-copies keep): ${kept.names.join(", ")}`,
    });
  }
  const stream = done["stream"] as
    | { readonly name?: unknown; readonly held_until?: unknown; readonly why?: unknown }
    | undefined;
  if (typeof stream?.held_until === "string" && Date.parse(stream.held_until) > Date.now()) {
    const what = `stream ${String(stream.name)} of its broker, which could not be purged: ${String(stream.why)}`;
    held.push({ where, what, until: stream.held_until });
  }
  return held;
}

function render(status: ErasureStatus, { database }: Context, { failure }: ErasuresReport) {
  const self = database.status().replicaId;
  const { id, collection, name: called, points, by, askedMs, isOver, replicas, here } = status;
  const regionOf = (replica: number) => database.catalogue.members.find((one) => one.id === replica)?.region ?? "";
  return {
    id,
    collection: called,
    shard: collection,
    points,
    by,
    asked: iso(askedMs),
    over: isOver,
    replicas: replicas.map((one) => ({
      replica: one.replica,
      region: regionOf(one.replica),
      state: one.state,
      ...(one.state === "erased" ? { at: iso(one.atMs), done: one.done } : {}),
    })),
    here: { stage: here.stage, waits_for: here.waitsFor, left: here.left, failure: here.failure ?? null },
    still_held: [
      ...here.lost.map(
        (replica): Held => ({
          where: `replica ${replica}`,
          what: "it was evicted, and some of what it had written is lost: if the deletes were, ask for the erasure again",
        }),
      ),
      ...replicas.flatMap((one) => heldBy(one, regionOf(one.replica), status, self, failure)),
    ],
  };
}

/** Who asks, as receipts and the audit log name them. */
function nameOf({ by, subject }: Caller): string {
  return (subject === undefined ? by : `${by} ${subject}`).slice(0, 255);
}

async function find(erasures: Erasures | undefined, context: Context, id: string) {
  const report = await required(erasures).report();
  const status = report.erasures.find((one) => one.id === id);
  if (status === undefined) throw new MurmurationError("not-found", `there is no erasure ${id}`);
  return render(status, context, report);
}

/** Deleting points so that nothing of them is left anywhere, and receipts of that. */
export const erasureRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/erasures",
    tag: "murmur",
    summary: "Erasures, the newest first: how far each replica is, and what is still held, and where",
    params: none,
    query: none,
    body: none,
    handle: async ({ database, erasures }) => {
      const report = await required(erasures).report();
      return { erasures: report.erasures.map((status) => render(status, { database }, report)) };
    },
  }),
  route({
    method: "GET",
    path: "/murmur/erasures/{id}",
    tag: "murmur",
    summary: "An erasure: how far each replica is, and what is still held, and where",
    params: z.object({ id: z.string().max(40) }),
    query: none,
    body: none,
    handle: ({ database, erasures, params }) => find(erasures, { database }, params.id),
  }),
  route({
    method: "POST",
    path: "/murmur/erasures",
    tag: "murmur",
    summary:
      "Delete points by id or by filter, and have nothing of them, nor of what was deleted before, left anywhere",
    params: none,
    query: none,
    body: deletePointsBody.extend({ collection: name }),
    handle: async ({ database, erasures, caller, write, body }) => {
      required(erasures);
      const { collection } = body;
      database.collection(collection);
      const { points = 0 } = await write(deleteCommand({ database, collection }, body));
      // where the process ends in between, the points are deleted, and whoever asks again erases them too
      const { operationId } = await write({
        kind: "begin-erasure",
        collection,
        points,
        by: nameOf(caller),
        through: [],
        askedMs: 0,
      });
      return find(erasures, { database }, `${database.status().replicaId}-${operationId}`);
    },
  }),
];
