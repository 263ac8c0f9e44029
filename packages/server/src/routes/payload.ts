import { writeParameters } from "../http/schemas/parameters.js";
import { clearPayloadBody, deletePayloadBody, setPayloadBody, targetOf } from "../http/schemas/points.js";
import { renderReceipt } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

const common = { tag: "payload", params: collectionParams, query: writeParameters } as const;

const path = "/collections/{collection_name}/points/payload";

export const payloadRoutes: readonly Route[] = [
  route({
    ...common,
    method: "POST",
    path,
    summary: "Merge keys into payloads",
    body: setPayloadBody,
    handle: async ({ database, params, query, body }) => {
      const receipt = await database.write({
        kind: "set-payload",
        collection: params.collection_name,
        target: targetOf(body),
        payload: body.payload,
        ...(body.key === undefined ? {} : { key: body.key }),
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
  route({
    ...common,
    method: "PUT",
    path,
    summary: "Replace payloads",
    body: setPayloadBody,
    handle: async ({ database, params, query, body }) => {
      const receipt = await database.write({
        kind: "overwrite-payload",
        collection: params.collection_name,
        target: targetOf(body),
        payload: body.payload,
        ...(body.key === undefined ? {} : { key: body.key }),
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
  route({
    ...common,
    method: "POST",
    path: `${path}/delete`,
    summary: "Delete keys of payloads",
    body: deletePayloadBody,
    handle: async ({ database, params, query, body }) => {
      const receipt = await database.write({
        kind: "delete-payload",
        collection: params.collection_name,
        target: targetOf(body),
        keys: body.keys,
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
  route({
    ...common,
    method: "POST",
    path: `${path}/clear`,
    summary: "Delete payloads whole",
    body: clearPayloadBody,
    handle: async ({ database, params, query, body }) => {
      const receipt = await database.write({
        kind: "clear-payload",
        collection: params.collection_name,
        target: targetOf(body),
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
];
