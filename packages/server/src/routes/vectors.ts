import { writeParameters } from "../http/schemas/parameters.js";
import { deleteVectorsBody, updateVectorsBody } from "../http/schemas/points.js";
import { deleteVectorsCommand, updateVectorsCommand } from "./point-commands.js";
import { renderReceipt } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

const common = { tag: "vectors", params: collectionParams, query: writeParameters, session: "write" } as const;

export const vectorRoutes: readonly Route[] = [
  route({
    ...common,
    method: "PUT",
    path: "/collections/{collection_name}/points/vectors",
    summary: "Set vectors of existing points and keep their others",
    body: updateVectorsBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(
        await write(updateVectorsCommand({ database, collection: params.collection_name }, body)),
        query.wait,
      ),
  }),
  route({
    ...common,
    method: "POST",
    path: "/collections/{collection_name}/points/vectors/delete",
    summary: "Delete vectors of points",
    body: deleteVectorsBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(
        await write(deleteVectorsCommand({ database, collection: params.collection_name }, body)),
        query.wait,
      ),
  }),
];
