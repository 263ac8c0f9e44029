import { randomInt } from "node:crypto";
import type { Collection } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { readParameters } from "../http/schemas/parameters.js";
import { facetBody, matrixBody } from "../http/schemas/reads.js";
import type { MatrixReading } from "../read/reading.js";
import { vectorSpaceOf } from "./check-vectors.js";
import { collectionParams, type Read, type Route, route } from "./route.js";

/** Throws `wrong-input` where no index of the collection knows the values of this key. */
function checkFacet({ payloadIndexes }: Collection, key: string): void {
  const index = Object.hasOwn(payloadIndexes, key) ? payloadIndexes[key] : undefined;
  const kind: string | undefined = index?.kind;
  if (kind === "keyword" || kind === "bool" || kind === "uuid") return;
  if (kind === "integer" && index?.lookup !== false) return;
  throw new MurmurationError(
    "wrong-input",
    `No appropriate index for faceting: \`${key}\`. Please create one to facet on this field. ` +
      "Keyword, integer (with lookup), bool and uuid indexes can be used.",
    "key",
  );
}

const common = {
  method: "POST",
  tag: "search",
  params: collectionParams,
  query: readParameters,
  session: "read",
  answer: "read",
} as const;

function matrixRoute(shape: MatrixReading["shape"], summary: string): Route {
  return route({
    ...common,
    path: `/collections/{collection_name}/points/search/matrix/${shape}`,
    summary,
    body: matrixBody,
    handle: ({ database, params, body }) => {
      const { filter, sample, limit, using } = body;
      vectorSpaceOf(database.collection(params.collection_name), using, "using");
      const seed = randomInt(2 ** 32);
      const query = { using, sample, limit, seed, ...(filter === undefined ? {} : { filter }) };
      return { names: [params.collection_name], reading: { kind: "matrix", query, shape } } satisfies Read;
    },
  });
}

export const aggregateRoutes: readonly Route[] = [
  route({
    ...common,
    path: "/collections/{collection_name}/facet",
    summary: "Values of an indexed path by how many points have them; always exact",
    body: facetBody,
    handle: ({ database, params, body }) => {
      const { key, filter, limit } = body;
      checkFacet(database.collection(params.collection_name), key);
      const query = { key, limit, ...(filter === undefined ? {} : { filter }) };
      return { names: [params.collection_name], reading: { kind: "facet", query } } satisfies Read;
    },
  }),
  matrixRoute("pairs", "The nearest others of each point of a sample, as pairs"),
  matrixRoute("offsets", "The same as the columns of a sparse matrix"),
];
