import { MurmurationError } from "@murmuration/index";
import { writeParameters } from "../http/schemas/parameters.js";
import { deleteVectorsBody, targetOf, updateVectorsBody } from "../http/schemas/points.js";
import { checkVectors, vectorSpaceOf } from "./check-vectors.js";
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
    handle: async ({ database, write, params, query, body }) => {
      const { points } = body.points;
      if (points.length === 0) throw new MurmurationError("bad-request", "Empty update request", "points");
      checkVectors(database.collection(params.collection_name), body.points);
      const receipt = await write({
        kind: "update-vectors",
        collection: params.collection_name,
        points,
        ...(body.update_filter === undefined ? {} : { updateFilter: body.update_filter }),
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
  route({
    ...common,
    method: "POST",
    path: "/collections/{collection_name}/points/vectors/delete",
    summary: "Delete vectors of points",
    body: deleteVectorsBody,
    handle: async ({ database, write, params, query, body }) => {
      const collection = database.collection(params.collection_name);
      for (const [i, name] of body.vector.entries()) vectorSpaceOf(collection, name, `vector[${i}]`);
      const receipt = await write({
        kind: "delete-vectors",
        collection: params.collection_name,
        target: targetOf(body),
        vectors: body.vector,
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
];
