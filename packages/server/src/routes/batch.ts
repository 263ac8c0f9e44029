import type { PointCommand } from "@murmuration/core";
import { batchBody, type UpdateOperation } from "../http/schemas/batch.js";
import { within } from "../http/schemas/fields.js";
import { writeParameters } from "../http/schemas/parameters.js";
import {
  clearPayloadCommand,
  type Destination,
  deleteCommand,
  deletePayloadCommand,
  deleteVectorsCommand,
  payloadCommand,
  updateVectorsCommand,
  upsertCommand,
} from "./point-commands.js";
import { renderReceipt } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

function commandOf(to: Destination, operation: UpdateOperation): PointCommand {
  switch (operation.kind) {
    case "upsert":
      return upsertCommand(to, operation.body);
    case "delete":
      return deleteCommand(to, operation.body);
    case "set_payload":
      return payloadCommand("set-payload", to, operation.body);
    case "overwrite_payload":
      return payloadCommand("overwrite-payload", to, operation.body);
    case "delete_payload":
      return deletePayloadCommand(to, operation.body);
    case "clear_payload":
      return clearPayloadCommand(to, operation.body);
    case "update_vectors":
      return updateVectorsCommand(to, operation.body);
    case "delete_vectors":
      return deleteVectorsCommand(to, operation.body);
  }
}

export const batchRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/collections/{collection_name}/points/batch",
    tag: "points",
    summary: "Writes of all kinds, done in order: all of them or none",
    params: collectionParams,
    query: writeParameters,
    session: "write",
    body: batchBody,
    handle: async ({ database, write, params, query, body }) => {
      const collection = params.collection_name;
      const commands = body.operations.map((operation, i) =>
        within(`operations[${i}].${operation.kind}`, () => commandOf({ database, collection }, operation)),
      );
      const { each = [], ...receipt } = await write({ kind: "point-batch", collection, commands });
      return each.map((operationId) => renderReceipt({ ...receipt, operationId }, query.wait));
    },
  }),
];
