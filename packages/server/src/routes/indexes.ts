import { z } from "zod";
import { writeParameters } from "../http/schemas/parameters.js";
import { createIndexBody } from "../http/schemas/payload-index.js";
import { renderReceipt } from "./render.js";
import { collectionParams, none, type Route, route } from "./route.js";

export const indexRoutes: readonly Route[] = [
  route({
    method: "PUT",
    path: "/collections/{collection_name}/index",
    tag: "indexes",
    summary: "Create a payload index, or make it anew with other parameters",
    params: collectionParams,
    query: writeParameters,
    session: "write",
    body: createIndexBody,
    handle: async ({ write, params, query, body }) => {
      const receipt = await write({
        kind: "create-payload-index",
        collection: params.collection_name,
        path: body.field_name,
        schema: body.field_schema,
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
  route({
    method: "DELETE",
    path: "/collections/{collection_name}/index/{field_name}",
    tag: "indexes",
    summary: "Drop a payload index",
    params: collectionParams.extend({ field_name: z.string() }),
    query: writeParameters,
    session: "write",
    body: none,
    handle: async ({ write, params, query }) => {
      const receipt = await write({
        kind: "delete-payload-index",
        collection: params.collection_name,
        path: params.field_name,
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
];
