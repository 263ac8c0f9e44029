import type { Json, JsonObject } from "../json-value.js";
import { pathPart } from "../path-part.js";

/** A request to the server, as it can be sent and shown in other words. */
export interface ApiRequest {
  readonly method: string;
  /** The route's path in the OpenAPI document: `/collections/{collection_name}/points/query`. */
  readonly route: string;
  /** What stands for the names in the route's path. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Parameters of the query, those that are given. */
  readonly query: Readonly<Record<string, string>>;
  /** `undefined`: without a body. */
  readonly body: Json | undefined;
}

/** Where requests go. */
export interface Target {
  /** `https://example.org:6333`, without a slash at its end. */
  readonly url: string;
  /** Is a key needed? The key itself is never written into code: it comes from the environment. */
  readonly hasKey: boolean;
}

/** The variable of the environment that the code takes the key from. */
export const KEY_VARIABLE = "MURMUR_API_KEY";

/** Path and query of a request, escaped. Throws a `RangeError` where a parameter cannot stand in a path. */
export function pathOf({ route, parameters, query }: ApiRequest): string {
  const path = route.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : pathPart(value);
  });
  const search = new URLSearchParams(query).toString();
  return search === "" ? path : `${path}?${search}`;
}

/** Why a request has no path yet: a parameter is missing, or would name another path. `undefined`: it has one. */
export function pathProblem({ route, parameters }: Pick<ApiRequest, "route" | "parameters">): string | undefined {
  for (const [, name = ""] of route.matchAll(/\{(\w+)\}/g)) {
    const value = parameters[name] ?? "";
    if (value === "") return `${name} is missing.`;
    try {
      pathPart(value);
    } catch (error) {
      return `${name}: ${(error as Error).message}.`;
    }
  }
  return undefined;
}

/** Parameters of a query as the client takes them: numbers and truth values are no texts. */
export function queryValues(query: Readonly<Record<string, string>>): JsonObject {
  const value = (text: string): Json => {
    if (text === "true" || text === "false") return text === "true";
    return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
  };
  return Object.fromEntries(Object.entries(query).map(([name, text]) => [name, value(text)]));
}
