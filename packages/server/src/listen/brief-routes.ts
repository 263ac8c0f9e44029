import { validate } from "../http/schemas/validate.js";
import type { Reading } from "../read/reading.js";
import { countRoutes } from "../routes/count.js";
import type { Collections } from "../routes/plan-query.js";
import { pointRoutes } from "../routes/points.js";
import type { Route, RouteContext } from "../routes/route.js";
import { scrollRoutes } from "../routes/scroll.js";
import { searchRoutes } from "../routes/search.js";

/** A route whose requests may be brief reads. */
export interface BriefRoute {
  readonly method: "GET" | "POST";
  /** As metrics name it. */
  readonly endpoint: string;
  /** What a request asks for; `undefined`: no brief read. Throws what it is refused with. */
  readonly readingOf: (collections: Collections, collection: string, id: string, body: unknown) => Reading | undefined;
}

const POINTS = "/collections/{collection_name}/points";

function briefRoute(routes: readonly Route[], method: "GET" | "POST", endpoint: string): BriefRoute {
  const found = routes.find((route) => route.method === method && route.path === endpoint) as Route;
  const query = validate(found.query, {});
  const { plainBody } = found;
  const bodyOf = plainBody ?? ((body: unknown) => validate(found.body, body));
  return {
    method,
    endpoint,
    readingOf: (database, collection_name, id, given) => {
      const body = bodyOf(given);
      if (body === undefined && plainBody !== undefined) return undefined;
      const context = { database, params: { collection_name, id }, query, body };
      const read = found.handle(context as unknown as RouteContext<never, never, never>);
      return isRead(read) && read.names.length === 1 ? read.reading : undefined;
    },
  };
}

function isRead(handled: unknown): handled is { readonly names: readonly string[]; readonly reading: Reading } {
  return typeof handled === "object" && handled !== null && "reading" in handled;
}

const single = briefRoute(pointRoutes, "GET", `${POINTS}/{id}`);
/** By what stands behind `points` in the path. */
const byAction: { readonly [action: string]: BriefRoute } = {
  "": briefRoute(pointRoutes, "POST", POINTS),
  query: briefRoute(searchRoutes, "POST", `${POINTS}/query`),
  search: briefRoute(searchRoutes, "POST", `${POINTS}/search`),
  scroll: briefRoute(scrollRoutes, "POST", `${POINTS}/scroll`),
  count: briefRoute(countRoutes, "POST", `${POINTS}/count`),
};

const PATH = /^\/collections\/([\w.~-]{1,255})\/points(?:\/(?:(query|search|scroll|count)|([\da-fA-F-]{1,36})))?$/;

/** Where a request has gone. */
export interface BriefTarget {
  readonly route: BriefRoute;
  readonly collection: string;
  /** Of the point, where the path names one. */
  readonly id: string;
}

/** Where a brief read has gone; `undefined`: to no route that has any. */
export function briefTarget(path: string): BriefTarget | undefined {
  const [, collection, action = "", id = ""] = PATH.exec(path) ?? [];
  if (collection === undefined) return undefined;
  return { collection, id, route: id === "" ? (byAction[action] as BriefRoute) : single };
}
