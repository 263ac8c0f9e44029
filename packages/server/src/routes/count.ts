import { readParameters } from "../http/schemas/parameters.js";
import { countBody } from "../http/schemas/reads.js";
import { collectionParams, type Route, route } from "./route.js";

export const countRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/collections/{collection_name}/points/count",
    tag: "points",
    summary: "Number of points that match; always exact",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: countBody.nullish(),
    answer: "read",
    handle: ({ database, params, body }) => {
      database.collection(params.collection_name);
      const filter = body?.filter === undefined ? {} : { filter: body.filter };
      return { names: [params.collection_name], reading: { kind: "count", ...filter } };
    },
  }),
];
