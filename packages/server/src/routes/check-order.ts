import type { Collection } from "@murmuration/core";
import { MurmurationError, servesOrder } from "@murmuration/index";
import type { OrderBy } from "../http/schemas/reads.js";

/** Throws `wrong-input` where no index of the collection has an order on this key. */
export function checkOrder(collection: Collection, order: OrderBy): void {
  const index = Object.hasOwn(collection.payloadIndexes, order.key) ? collection.payloadIndexes[order.key] : undefined;
  if (index !== undefined && servesOrder(index)) return;
  throw new MurmurationError(
    "wrong-input",
    `No range index for \`order_by\` key: \`${order.key}\`. Please create one to use \`order_by\`. Integer (with range), float and datetime indexes can be used.`,
    "order_by",
  );
}
