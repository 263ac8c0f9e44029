import { z } from "zod";
import { vectorNameBody } from "../http/schemas/collection.js";
import { writeParameters } from "../http/schemas/parameters.js";
import { addVectorCommand } from "./collection-settings.js";
import { renderReceipt } from "./render.js";
import { collectionParams, none, type Route, route } from "./route.js";

const common = {
  path: "/collections/{collection_name}/vectors/{vector_name}",
  tag: "vectors",
  params: collectionParams.extend({ vector_name: z.string() }),
  query: writeParameters,
  session: "write",
} as const;

export const vectorNameRoutes: readonly Route[] = [
  route({
    ...common,
    method: "PUT",
    summary: "Add a vector to a collection that stands; its points have none until they are given one",
    body: vectorNameBody,
    handle: async ({ database, write, params, query, body }) => {
      const { collection_name: name, vector_name: vector } = params;
      return renderReceipt(await write(addVectorCommand(database.collection(name), name, vector, body)), query.wait);
    },
  }),
  route({
    ...common,
    method: "DELETE",
    summary: "Drop a vector of a collection, with those of all its points",
    body: none,
    handle: async ({ write, params, query }) => {
      const { collection_name: collection, vector_name: name } = params;
      return renderReceipt(await write({ kind: "drop-vector", collection, name }), query.wait);
    },
  }),
];
