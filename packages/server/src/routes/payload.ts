import { writeParameters } from "../http/schemas/parameters.js";
import { clearPayloadBody, deletePayloadBody, setPayloadBody } from "../http/schemas/points.js";
import { clearPayloadCommand, deletePayloadCommand, payloadCommand } from "./point-commands.js";
import { renderReceipt } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

const common = { tag: "payload", params: collectionParams, query: writeParameters, session: "write" } as const;

const path = "/collections/{collection_name}/points/payload";

/** A route that puts a payload, or an object at a key of it, into points. */
const putRoute = (method: "POST" | "PUT", kind: "set-payload" | "overwrite-payload", summary: string): Route =>
  route({
    ...common,
    method,
    path,
    summary,
    body: setPayloadBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(
        await write(payloadCommand(kind, { database, collection: params.collection_name }, body)),
        query.wait,
      ),
  });

export const payloadRoutes: readonly Route[] = [
  putRoute("POST", "set-payload", "Merge keys into payloads"),
  putRoute("PUT", "overwrite-payload", "Replace payloads"),
  route({
    ...common,
    method: "POST",
    path: `${path}/delete`,
    summary: "Delete keys of payloads",
    body: deletePayloadBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(
        await write(deletePayloadCommand({ database, collection: params.collection_name }, body)),
        query.wait,
      ),
  }),
  route({
    ...common,
    method: "POST",
    path: `${path}/clear`,
    summary: "Delete payloads whole",
    body: clearPayloadBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(
        await write(clearPayloadCommand({ database, collection: params.collection_name }, body)),
        query.wait,
      ),
  }),
];
