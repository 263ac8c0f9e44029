import { MurmurationError, type ScrollQuery } from "@murmuration/index";
import { readParameters } from "../http/schemas/parameters.js";
import { scrollBody } from "../http/schemas/reads.js";
import { checkOrder } from "./check-order.js";
import { checkSelected } from "./check-vectors.js";
import { selectionOf } from "./render.js";
import { collectionParams, type Route, route } from "./route.js";

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
      if (orderBy !== undefined && offset !== undefined) {
        throw new MurmurationError("bad-request", "Cannot use an `offset` when using `order_by`", "offset");
      }
      if (orderBy !== undefined) checkOrder(collection, orderBy);
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
