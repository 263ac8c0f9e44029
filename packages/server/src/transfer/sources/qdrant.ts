import { isJsonObject, MurmurationError, type PointId, printJson, toPointId } from "@murmuration/index";
import { scrollPages } from "../scroll-points.js";
import { askResult, bodyFrom, collectionPage, type Server } from "../server.js";
import type { Source } from "../source.js";

/** The name of the collection in the path of an address: `…/collections/NAME`. */
function addressed(url: string): { readonly server: string; readonly collection: string } {
  const { origin, pathname } = new URL(url);
  const found = /^(.*)\/collections\/([^/]+)\/?$/.exec(pathname);
  if (found === null)
    throw new MurmurationError("bad-request", `${origin}: the address of a collection ends with /collections/NAME`);
  return { server: origin + (found[1] ?? ""), collection: decodeURIComponent(found[2] ?? "") };
}

/**
 * A collection of a server that runs and speaks the dialect, as `http(s)://HOST:PORT/collections/NAME`: its configuration, payload indexes and points. Points that
 * are written there meanwhile may be left behind or not.
 */
export async function openQdrant(url: string, asked: Omit<Server, "url">, pagePoints: number): Promise<Source> {
  const { server: origin, collection } = addressed(url);
  const server: Server = { ...asked, url: origin };
  const page = await collectionPage(server, collection);
  if (page === undefined) throw new MurmurationError("not-found", `${origin} has no collection ${collection}`);
  const body = printJson({ exact: true });
  const path = `/collections/${encodeURIComponent(collection)}/points/count`;
  const counted = await askResult(server, "POST", path, body);
  const count = isJsonObject(counted) ? counted["count"] : undefined;
  return {
    name: `collection ${collection} of ${origin}`,
    format: "qdrant",
    identity: { server: origin, collection },
    total: typeof count === "number" ? count : undefined,
    collection: bodyFrom(server, page),
    async *rows(from) {
      let rows = from?.rows ?? 0;
      const start = (from?.at as { readonly id?: string } | undefined)?.id;
      const first = start === undefined ? null : (toPointId(/^\d+$/.test(start) ? BigInt(start) : start) ?? null);
      const scroll = { collection, vectors: true, withPayload: true, pagePoints };
      // the last point of a run before this one comes again, and is passed over
      let isBehind = first === null;
      for await (const { points } of scrollPages(server, scroll, first)) {
        for (const point of points) {
          const id = String(point["id"] as PointId);
          if (!isBehind) {
            isBehind = true;
            if (id === start) continue;
          }
          const fields = new Map(
            Object.entries(point).filter(([key]) => key === "id" || key === "vector" || key === "payload"),
          );
          yield { place: `point ${id}`, next: { rows: ++rows, at: { id } }, fields };
        }
      }
    },
    close: () => Promise.resolve(),
  };
}
