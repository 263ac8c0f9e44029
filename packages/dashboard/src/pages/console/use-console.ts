import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { apiKey, ask, askText, CONSOLE_HISTORY, path } from "../../api.js";
import { type CollectionInfo, vectorsOf } from "../../collection/collection-info.js";
import { type PointPage, scrollPoints } from "../../collection/points.js";
import { parseJson, printJson } from "../../json.js";
import type { Json } from "../../json-value.js";
import { type ApiRoute, collectionRoutes, routeName } from "../../requests/api-routes.js";
import { exampleBody } from "../../requests/example-body.js";
import { type PastRequest, readHistory, withRequest } from "../../requests/request-history.js";
import { type Resource, useResource } from "../../use-resource.js";

/** What the console knows before anything is sent. */
export interface ConsoleGround {
  readonly document: Json;
  readonly routes: readonly ApiRoute[];
  readonly info: CollectionInfo;
  /** A point to ask about. */
  readonly first: PointPage;
}

/** The OpenAPI document is the same for every collection, and long: it is asked for once. */
let knownDocument: Json | undefined;

/** Loads the OpenAPI document, the collection's settings and its first point. */
export function useGround(collection: string): Resource<ConsoleGround> {
  return useResource<ConsoleGround>(
    async (signal) => {
      const [document, info, first] = await Promise.all([
        knownDocument ?? askText("/openapi.json", signal).then((text) => parseJson(text) as Json),
        ask<CollectionInfo>("GET", path`/collections/${collection}`, { signal }),
        scrollPoints(collection, { filter: undefined, limit: 1, offset: undefined, hasVectors: false }, signal),
      ]);
      knownDocument = document;
      return { document, routes: collectionRoutes(document), info, first };
    },
    [collection],
  );
}

/** What of a request is being written. */
export interface RequestDraft {
  readonly route: ApiRoute;
  readonly inPath: Readonly<Record<string, string>>;
  readonly inQuery: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request to begin with, for a route of this collection. */
export function draftFor(route: ApiRoute, { document, info, first }: ConsoleGround): RequestDraft {
  const [field] = Object.keys(info.payload_schema);
  const source = { vectors: vectorsOf(info), id: first.points[0]?.id, field };
  return {
    route,
    inPath: {},
    inQuery: {},
    body: route.schema === undefined ? "" : printJson(exampleBody(route, document, source), 2),
  };
}

/** The draft of a request that was sent before, where its route is still there. */
export function draftOfPast(past: PastRequest, routes: readonly ApiRoute[]): RequestDraft | undefined {
  const route = routes.find((each) => routeName(each) === past.route);
  return route && { route, inPath: past.inPath, inQuery: past.inQuery, body: past.body };
}

/** The history of this tab, and how to add to it. */
export function useHistory(): {
  readonly history: readonly PastRequest[];
  readonly add: (request: PastRequest) => void;
  readonly forget: () => void;
} {
  const initial = useMemo(() => readHistory(sessionStorage.getItem(CONSOLE_HISTORY)), []);
  const [history, setHistory] = useState(initial);
  const latest = useRef(initial);
  const keep = (next: readonly PastRequest[]) => {
    latest.current = next;
    setHistory(next);
    try {
      sessionStorage.setItem(CONSOLE_HISTORY, JSON.stringify(next));
    } catch {
      // the tab's storage is full: the history ends with the page then
    }
  };
  // who forgets the key forgets what was asked with it
  useEffect(
    () =>
      apiKey.subscribe((key) => {
        if (key !== "" || sessionStorage.getItem(CONSOLE_HISTORY) !== null) return;
        latest.current = [];
        setHistory([]);
      }),
    [],
  );
  return {
    history,
    add: (request) => keep(withRequest(latest.current, request)),
    forget: () => keep([]),
  };
}
