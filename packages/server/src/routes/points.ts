import { pointIdFromText } from "@murmuration/index";
import { z } from "zod";
import { readParameters, writeParameters } from "../http/schemas/parameters.js";
import { deletePointsBody, upsertBody } from "../http/schemas/points.js";
import { retrieveBody } from "../http/schemas/reads.js";
import { checkSelected } from "./check-vectors.js";
import { deleteCommand, upsertCommand } from "./point-commands.js";
import { renderReceipt, selectionOf } from "./render.js";
import { collectionParams, none, type Route, route } from "./route.js";

export const pointRoutes: readonly Route[] = [
  route({
    method: "PUT",
    path: "/collections/{collection_name}/points",
    tag: "points",
    summary: "Insert points, or replace them whole",
    params: collectionParams,
    query: writeParameters,
    session: "write",
    body: upsertBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(await write(upsertCommand({ database, collection: params.collection_name }, body)), query.wait),
  }),
  route({
    method: "POST",
    path: "/collections/{collection_name}/points",
    tag: "points",
    summary: "Points by id; unknown ids are left out",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: retrieveBody,
    answer: "read",
    handle: ({ database, params, body }) => {
      const selection = selectionOf(body);
      checkSelected(database.collection(params.collection_name), selection.vectors);
      return { names: [params.collection_name], reading: { kind: "retrieve", ids: body.ids, selection } };
    },
  }),
  route({
    method: "GET",
    path: "/collections/{collection_name}/points/{id}",
    tag: "points",
    summary: "One point with payload and vectors",
    params: collectionParams.extend({ id: z.string() }),
    query: readParameters,
    session: "read",
    body: none,
    answer: "read",
    handle: ({ database, params }) => {
      const id = pointIdFromText(params.id);
      database.collection(params.collection_name);
      return { names: [params.collection_name], reading: { kind: "point", id } };
    },
  }),
  route({
    method: "POST",
    path: "/collections/{collection_name}/points/delete",
    tag: "points",
    summary: "Delete points by id or by filter",
    params: collectionParams,
    query: writeParameters,
    session: "write",
    body: deletePointsBody,
    handle: async ({ database, write, params, query, body }) =>
      renderReceipt(await write(deleteCommand({ database, collection: params.collection_name }, body)), query.wait),
  }),
];
