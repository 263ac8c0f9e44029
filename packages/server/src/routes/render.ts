import type { PayloadSelector, Selection, VectorSelector } from "@murmuration/index";
import type { WriteReceipt } from "../consistency/session.js";

/** The selection that the fields of a request ask for. */
export function selectionOf(body: {
  readonly with_payload: PayloadSelector;
  readonly with_vector: VectorSelector;
}): Selection {
  return { payload: body.with_payload, vectors: body.with_vector };
}

/**
 * The result of a write of points. Every write is awaited until it is durable and visible; without `wait` the dialect
 * merely calls it by another name, but for a payload index, which is built after the answer. `wait_timeout`: too few members were heard to hold
 * it in time, or the index is still being built.
 */
export function renderReceipt({ operationId, missed }: WriteReceipt, wait: boolean | undefined) {
  const status = missed === true ? "wait_timeout" : wait === true ? "completed" : "acknowledged";
  return { operation_id: operationId, status };
}
