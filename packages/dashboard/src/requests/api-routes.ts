import { isArray, isObject, type Json, type JsonObject } from "../json-value.js";

/** A parameter of a route, in its path or in its query. */
export interface RouteParameter {
  readonly name: string;
  readonly schema: Json;
}

/** A route that the console can ask. */
export interface ApiRoute {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** Does it change something? */
  readonly isWrite: boolean;
  /** Those of the path but for the collection's name. */
  readonly inPath: readonly RouteParameter[];
  readonly inQuery: readonly RouteParameter[];
  /** Of the body; `undefined`: it takes none. */
  readonly schema: Json | undefined;
}

const COLLECTION = "{collection_name}";

/** Files go in or come out by other ways than a console. */
const FILES = /\/snapshots\/|\/snapshot$|\/upload$/;

/** Routes that read, though they are no GET and have no read's parameters. */
const READS = /^\/murmur\/collections\/\{collection_name\}\/(?:explain|validate)$/;

function at(json: Json | undefined, ...names: readonly string[]): Json | undefined {
  let current = json;
  for (const name of names) current = isObject(current) && Object.hasOwn(current, name) ? current[name] : undefined;
  return current;
}

function parametersOf(operation: JsonObject, place: string): RouteParameter[] {
  const parameters = operation["parameters"];
  if (!isArray(parameters)) return [];
  return parameters.flatMap((parameter) => {
    if (!isObject(parameter) || parameter["in"] !== place) return [];
    const { name, schema = {} } = parameter;
    return typeof name === "string" && name !== "collection_name" ? [{ name, schema }] : [];
  });
}

function routeOf(method: string, path: string, operation: JsonObject): ApiRoute {
  const { summary } = operation;
  const isRead =
    method === "GET" || READS.test(path) || parametersOf(operation, "query").some(({ name }) => name === "consistency");
  return {
    method,
    path,
    summary: typeof summary === "string" ? summary : "",
    isWrite: !isRead,
    inPath: parametersOf(operation, "path"),
    inQuery: parametersOf(operation, "query"),
    schema: at(operation, "requestBody", "content", "application/json", "schema"),
  };
}

/** The routes of an OpenAPI document that are about one collection, those that read first, each list in the order of the document. */
export function collectionRoutes(document: Json): readonly ApiRoute[] {
  const paths = at(document, "paths");
  if (!isObject(paths)) return [];
  const routes: ApiRoute[] = [];
  for (const [path, operations] of Object.entries(paths)) {
    if (!path.includes(COLLECTION) || FILES.test(path) || !isObject(operations)) continue;
    for (const [method, operation] of Object.entries(operations)) {
      if (!isObject(operation)) continue;
      const { summary } = operation;
      if (typeof summary === "string" && summary.startsWith("Refused")) continue;
      routes.push(routeOf(method.toUpperCase(), path, operation));
    }
  }
  return [...routes.filter(({ isWrite }) => !isWrite), ...routes.filter(({ isWrite }) => isWrite)];
}

/** What names a route among others. */
export function routeName({ method, path }: Pick<ApiRoute, "method" | "path">): string {
  return `${method} ${path}`;
}

/** A route's path as it is listed: without what all of them have in common. */
export function shortPath(path: string): string {
  return path.replace(/^\/collections\/\{collection_name\}/, "…") || path;
}
