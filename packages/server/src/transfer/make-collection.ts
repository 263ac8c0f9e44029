import { isDeepStrictEqual } from "node:util";
import { type JsonObject, printJson } from "@murmuration/index";
import { type CollectionBody, shapesOf } from "./collection-body.js";
import { freshProgress, type ImportState, type Progress } from "./import-state.js";
import { ask, bodyFrom, collectionPage, refusalOf, type Server } from "./server.js";
import type { Source } from "./source.js";

/** Is there a collection of these vectors? One whose creation was answered, and the answer lost, is refused when it is asked for again. */
async function isThere(server: Server, collection: string, { create }: CollectionBody): Promise<boolean> {
  const page = await collectionPage(server, collection);
  if (page === undefined) return false;
  return isDeepStrictEqual(shapesOf(bodyFrom(server, page)), shapesOf({ create, indexes: [] }));
}

/**
 * Makes the collection where it is not there, or is there without all of its payload indexes, as a run before this one ended within that; until they are made the state says so. Throws what the
 * server refuses.
 */
export async function makeCollection(
  server: Server,
  collection: string,
  { create, source }: { readonly create: CollectionBody | undefined; readonly source: Source },
  state: ImportState | undefined,
  before: Progress | undefined,
): Promise<void> {
  const body = create ?? (before?.makesCollection === true ? source.collection : undefined);
  if (body === undefined) return;
  if (body.indexes.length > 0) state?.write({ ...freshProgress, makesCollection: true });
  const path = `/collections/${encodeURIComponent(collection)}`;
  const put = (at: string, what: JsonObject) => ask(server, "PUT", at, printJson(what));
  const created = await put(path, body.create);
  if (created.status !== 200 && !(created.status === 409 && (await isThere(server, collection, body)))) {
    state?.remove();
    throw refusalOf(server, created);
  }
  for (const index of body.indexes) {
    const answer = await put(`${path}/index?wait=true`, index);
    if (answer.status !== 200) throw refusalOf(server, answer);
  }
  if (body.indexes.length > 0) state?.remove();
}
