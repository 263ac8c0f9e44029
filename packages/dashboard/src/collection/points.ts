import { ApiError, ask, path } from "../api.js";
import { printJson } from "../json.js";
import type { Json, JsonObject } from "../json-value.js";
import type { PayloadChange } from "./payload-change.js";

/** An id as it comes: integers beyond 2^53 are bigints. */
export type PointId = string | number | bigint;

/** A point as it is read. */
export interface PointRecord {
  readonly id: PointId;
  readonly payload?: JsonObject | null;
  readonly vector?: Json;
}

/** One page of points. */
export interface PointPage {
  readonly points: readonly PointRecord[];
  readonly next_page_offset: PointId | null;
}

/** What a page of points is asked for with. */
export interface PageRequest {
  readonly filter: JsonObject | undefined;
  readonly limit: number;
  readonly offset: PointId | undefined;
  readonly hasVectors: boolean;
}

/** Points from an offset on, in the order of their ids. */
export function scrollPoints(collection: string, request: PageRequest, signal?: AbortSignal): Promise<PointPage> {
  const { filter, limit, offset, hasVectors } = request;
  const body = { filter, limit, offset, with_payload: true, with_vector: hasVectors };
  return ask("POST", path`/collections/${collection}/points/scroll`, { body, signal });
}

/** How many points match; without a filter all of them. */
export async function countPoints(
  collection: string,
  filter: JsonObject | undefined,
  signal?: AbortSignal,
): Promise<number> {
  const body = { filter, exact: true };
  return (await ask<{ count: number }>("POST", path`/collections/${collection}/points/count`, { body, signal })).count;
}

/** The payload of a point as it is now; `undefined`: the point is gone. */
export async function payloadNow(collection: string, id: PointId): Promise<JsonObject | undefined> {
  try {
    const point = await ask<PointRecord>("GET", path`/collections/${collection}/points/${id}`);
    return point.payload ?? {};
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Writes a change of a payload. */
export async function writePayload(collection: string, id: PointId, change: PayloadChange): Promise<void> {
  const points = [id];
  const base = path`/collections/${collection}/points/payload`;
  if (change.how === "delete") {
    await ask("POST", `${base}/delete`, { body: { points, keys: change.keys } });
    return;
  }
  const method = change.how === "set" ? "POST" : "PUT";
  await ask(method, base, { body: printJson({ points, payload: change.payload }) });
}

/** Deletes points by ids or by a filter. */
export async function deletePoints(
  collection: string,
  target: { readonly points: readonly PointId[] } | { readonly filter: JsonObject },
): Promise<void> {
  await ask("POST", path`/collections/${collection}/points/delete`, { body: target });
}
