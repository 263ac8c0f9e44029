import { MurmurationError, pointIdFromText } from "@murmuration/index";
import { z } from "zod";
import { readParameters, writeParameters } from "../http/schemas/parameters.js";
import { deletePointsBody, targetOf, upsertBody } from "../http/schemas/points.js";
import { retrieveBody } from "../http/schemas/reads.js";
import { checkSelected, checkVectors } from "./check-vectors.js";
import { renderReceipt, selectionOf } from "./render.js";
import { collectionParams, none, type Route, route } from "./route.js";

const modes = { upsert: "upsert", insert_only: "insert-only", update_only: "update-only" } as const;

/** `points` or `batch`, whichever was given. Throws `format` for none and for both. */
function pointsOf(body: z.output<typeof upsertBody>) {
  if (body.points !== undefined && body.batch !== undefined)
    throw new MurmurationError("format", "give either `points` or `batch`, not both", "batch");
  const list = body.points ?? body.batch;
  if (list === undefined) throw new MurmurationError("format", "either `points` or `batch` must be given", "points");
  if (list.points.length === 0) throw new MurmurationError("bad-request", "Empty update request", "points");
  return list;
}

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
    handle: async ({ database, write, params, query, body }) => {
      const list = pointsOf(body);
      checkVectors(database.collection(params.collection_name), list);
      const receipt = await write({
        kind: "upsert-points",
        collection: params.collection_name,
        points: list.points,
        mode: modes[body.update_mode],
        ...(body.update_filter === undefined ? {} : { updateFilter: body.update_filter }),
      });
      return renderReceipt(receipt, query.wait);
    },
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
    handle: async ({ write, params, query, body }) => {
      const receipt = await write({
        kind: "delete-points",
        collection: params.collection_name,
        target: targetOf(body),
      });
      return renderReceipt(receipt, query.wait);
    },
  }),
];
