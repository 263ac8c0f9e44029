import type { PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { pointIdsToFields } from "./point-id-field.js";

/** Removes each point's whole payload. */
export interface ClearPayloadBody {
  readonly kind: "clear-payload";
  readonly ids: readonly PointId[];
}

export const clearPayloadFormat: BodyFormat<ClearPayloadBody> = {
  kind: "clear-payload",
  number: 8,
  write: (body) => [pointIdsToFields(body.ids)],
  read: (fields) => ({ kind: "clear-payload", ids: fields.pointIds() }),
};
