import type { Collection } from "@murmuration/core";
import { MurmurationError, type ScrollQuery } from "@murmuration/index";
import { readParameters } from "../http/schemas/parameters.js";
import { type OrderBy, scrollBody } from "../http/schemas/reads.js";
import { checkSelected } from "./check-vectors.js";
import { selectionOf } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

function checkOrder(collection: Collection, order: OrderBy, hasOffset: boolean): void {
  if (hasOffset) throw new MurmurationError("bad-request", "Cannot use an `offset` when using `order_by`", "offset");
  const index = Object.hasOwn(collection.payloadIndexes, order.key) ? collection.payloadIndexes[order.key] : undefined;
  if (index?.kind === "float" || (index?.kind === "integer" && index.range !== false)) return;
  throw new MurmurationError(
    "wrong-input",
    `No range index for \`order_by\` key: \`${order.key}\`. Please create one to use \`order_by\`. Integer (with range) and float indexes can be used.`,
    "order_by",
  );
}

export const scrollRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/collections/{collection_name}/points/scroll",
    tag: "points",
    summary: "Points page by page, by id or by an indexed number",
    params: collectionParams,
    query: readParameters,
    session: "read",
    body: scrollBody,
    answer: "read",
    handle: ({ database, params, body }) => {
      const selection = selectionOf(body);
      const { filter, offset, order_by: orderBy, limit } = body;
      const collection = database.collection(params.collection_name);
      checkSelected(collection, selection.vectors);
      if (orderBy !== undefined) checkOrder(collection, orderBy, offset !== undefined);
      const request: ScrollQuery = {
        limit,
        selection,
        ...(filter === undefined ? {} : { filter }),
        ...(offset === undefined ? {} : { offset }),
        ...(orderBy === undefined ? {} : { orderBy }),
      };
      return { names: [params.collection_name], reading: { kind: "scroll", request } };
    },
  }),
];
