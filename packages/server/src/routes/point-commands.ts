import type { PointCommand } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { z } from "zod";
import type { Database } from "../engine/database.js";
import {
  type clearPayloadBody,
  type deletePayloadBody,
  type deletePointsBody,
  type deleteVectorsBody,
  type setPayloadBody,
  targetOf,
  type updateVectorsBody,
  type upsertBody,
} from "../http/schemas/points.js";
import { checkVectors, vectorSpaceOf } from "./check-vectors.js";

/** Where a write goes: `collection` as its path names it. */
export interface Destination {
  readonly database: Pick<Database, "collection">;
  readonly collection: string;
}

const modes = { upsert: "upsert", insert_only: "insert-only", update_only: "update-only" } as const;

/** `points` or `batch`, whichever was given. Throws `format` for none and for both. */
function pointsOf(body: z.output<typeof upsertBody>) {
  if (body.points !== undefined && body.batch !== undefined)
    throw new MurmurationError("format", "give either `points` or `batch`, not both", "batch");
  const list = body.points ?? body.batch;
  if (list === undefined) throw new MurmurationError("format", "either `points` or `batch` must be given", "points");
  return list;
}

/** Throws where there is nothing to write to a collection that is there. */
function requireSome(points: readonly unknown[]): void {
  if (points.length === 0) throw new MurmurationError("bad-request", "Empty update request", "points");
}

/** The command of an upsert. Like all of these it throws what the schema alone cannot see: names and sizes of vectors, what excludes each other. */
export function upsertCommand({ database, collection }: Destination, body: z.output<typeof upsertBody>): PointCommand {
  const list = pointsOf(body);
  const of = database.collection(collection);
  requireSome(list.points);
  checkVectors(of, list);
  return {
    kind: "upsert-points",
    collection,
    points: list.points,
    mode: modes[body.update_mode],
    ...(body.update_filter === undefined ? {} : { updateFilter: body.update_filter }),
  };
}

/** The command that deletes points. */
export function deleteCommand({ collection }: Destination, body: z.output<typeof deletePointsBody>): PointCommand {
  return { kind: "delete-points", collection, target: targetOf(body) };
}

/** The command that merges a payload into points, or replaces theirs. */
export function payloadCommand(
  kind: "set-payload" | "overwrite-payload",
  { collection }: Destination,
  body: z.output<typeof setPayloadBody>,
): PointCommand {
  const key = body.key === undefined ? {} : { key: body.key };
  return { kind, collection, target: targetOf(body), payload: body.payload, ...key };
}

/** The command that deletes keys of payloads. */
export function deletePayloadCommand(
  { collection }: Destination,
  body: z.output<typeof deletePayloadBody>,
): PointCommand {
  return { kind: "delete-payload", collection, target: targetOf(body), keys: body.keys };
}

/** The command that deletes payloads whole. */
export function clearPayloadCommand(
  { collection }: Destination,
  body: z.output<typeof clearPayloadBody>,
): PointCommand {
  return { kind: "clear-payload", collection, target: targetOf(body) };
}

/** The command that sets vectors of points. */
export function updateVectorsCommand(
  { database, collection }: Destination,
  body: z.output<typeof updateVectorsBody>,
): PointCommand {
  const { points } = body.points;
  const of = database.collection(collection);
  requireSome(points);
  checkVectors(of, body.points);
  const updateFilter = body.update_filter === undefined ? {} : { updateFilter: body.update_filter };
  return { kind: "update-vectors", collection, points, ...updateFilter };
}

/** The command that deletes vectors of points. */
export function deleteVectorsCommand(
  { database, collection }: Destination,
  body: z.output<typeof deleteVectorsBody>,
): PointCommand {
  const of = database.collection(collection);
  for (const [i, name] of body.vector.entries()) vectorSpaceOf(of, name, `vector[${i}]`);
  return { kind: "delete-vectors", collection, target: targetOf(body), vectors: body.vector };
}
