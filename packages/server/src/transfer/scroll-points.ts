import {
  isJsonObject,
  type Json,
  type JsonObject,
  MurmurationError,
  type PointId,
  printJson,
  toPointId,
} from "@murmuration/index";
import { readVectors } from "../http/schemas/vectors.js";
import type { CarriedPoint } from "./carried-point.js";
import { ask, refusalOf, resultOf, type Server, strange } from "./server.js";

/** Which points are wanted, and what of them. */
export interface Scroll {
  readonly collection: string;
  readonly filter?: JsonObject | undefined;
  /** All, none, or those of these names. */
  readonly vectors: boolean | readonly string[];
  readonly withPayload: boolean;
  readonly pagePoints: number;
}

/** Points that follow each other in the order of their ids, as they come over the wire. */
export interface Page {
  readonly points: readonly JsonObject[];
  /** Where the next page begins; `null`: this is the last one. */
  readonly next: PointId | null;
}

/** Bytes of an answer above which pages become smaller. */
const largeCharacters = 64 * 1024 * 1024;

/** How points get fewer a page where a server cannot send so many. */
async function pageOf(server: Server, scroll: Scroll, offset: PointId | null, points: number) {
  const { collection, filter, vectors, withPayload } = scroll;
  const body = {
    limit: points,
    with_payload: withPayload,
    with_vector: vectors as Json,
    ...(offset === null ? {} : { offset }),
    ...(filter === undefined ? {} : { filter }),
  };
  return ask(server, "POST", `/collections/${encodeURIComponent(collection)}/points/scroll`, printJson(body));
}

/**
 * The points of a collection, page by page, in the order of their ids, from an id on. Each page is as of a moment of its own: a point that is written meanwhile is
 * there as it was before or after, and one that was there all the time is there once. Throws what a server that refuses says, `unavailable` where it is away.
 */
export async function* scrollPages(
  server: Server,
  scroll: Scroll,
  from: PointId | null,
): AsyncGenerator<Page, void, void> {
  let offset = from;
  let size = scroll.pagePoints;
  for (;;) {
    const answer = await pageOf(server, scroll, offset, size);
    if (answer.status === 507 && size > 1) {
      size = size >> 1;
      continue;
    }
    if (answer.status !== 200) throw refusalOf(server, answer);
    const result = resultOf(server, answer);
    const { points, next_page_offset: behind = null } = isJsonObject(result) ? result : {};
    const next = behind === null ? null : toPointId(behind);
    if (!Array.isArray(points) || !points.every((point: Json) => isJsonObject(point)) || next === undefined)
      throw strange(server, "no page of points");
    if (next !== null && (next === offset || points.length === 0)) throw strange(server, "pages that do not go on");
    yield { points: points as readonly JsonObject[], next };
    if (next === null) return;
    offset = next;
    if (answer.characters > largeCharacters && size > 1) size = size >> 1;
  }
}

/** A point of a page. Throws `format` for what is none. */
export function carriedOf(point: JsonObject): CarriedPoint {
  const id = toPointId(point["id"]);
  if (id === undefined) throw new MurmurationError("format", "expected a point id", "id");
  const { vector, payload } = point;
  return {
    id,
    vectors: vector === undefined || vector === null ? {} : readVectors(vector, "vector"),
    payload: (payload ?? {}) as JsonObject,
  };
}
