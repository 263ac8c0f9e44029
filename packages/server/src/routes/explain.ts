import { MurmurationError } from "@murmuration/index";
import { readParameters } from "../http/schemas/parameters.js";
import { explainBody } from "../http/schemas/query.js";
import type { ExplainReading } from "../read/reading.js";
import { lookupsOf, planGroups, planQuery, ReadNames } from "./plan-query.js";
import { collectionParams, type Read, type Route, route } from "./route.js";

export const explainRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/murmur/collections/{collection_name}/explain",
    tag: "murmur",
    summary: "What a query would do, and why, without doing it",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: explainBody,
    alsoReads: (body) => [
      ...lookupsOf([body]),
      ...(body.kind === "groups" && body.with_lookup !== undefined ? [body.with_lookup.collection] : []),
    ],
    answer: "read",
    handle: ({ database, strict, params, query, body }) => {
      const { collection_name: name } = params;
      const names = new ReadNames(name);
      const of: ExplainReading["of"] =
        body.kind === "groups"
          ? { kind: "groups", query: planGroups(database, body, names) }
          : { kind: "searches", searches: [planQuery(database, body, names)], isBatch: false, shape: "points" };
      const { payloadIndexes } = database.collection(name);
      const indexes = Object.fromEntries(Object.entries(payloadIndexes).map(([path, { kind }]) => [path, kind]));
      const refused = refusalOf(() => strict.check(names.all, of, query.timeout));
      const about = { indexes, ...(refused === undefined ? {} : { refused }) };
      return { names: names.all, reading: { kind: "explain", of, about } } satisfies Read;
    },
  }),
];

/** Why strict mode refuses something, if it does. */
function refusalOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof MurmurationError) return error.message;
    throw error;
  }
}
