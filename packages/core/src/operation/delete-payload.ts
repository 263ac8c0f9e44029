import type { PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { pointIdsToFields } from "./point-id-field.js";
import { textsToField } from "./text-field.js";

/** Removes top-level fields of each point's payload. */
export interface DeletePayloadBody {
  readonly kind: "delete-payload";
  readonly ids: readonly PointId[];
  readonly fields: readonly string[];
}

export const deletePayloadFormat: BodyFormat<DeletePayloadBody> = {
  kind: "delete-payload",
  number: 7,
  write: (body) => [pointIdsToFields(body.ids), textsToField(body.fields, "keys")],
  read: (fields) => ({ kind: "delete-payload", ids: fields.pointIds(), fields: fields.names() }),
};
