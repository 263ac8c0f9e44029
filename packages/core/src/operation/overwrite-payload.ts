import type { Payload, PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { payloadToField } from "./payload-field.js";
import { pointIdsToFields } from "./point-id-field.js";

/** Replaces each point's whole payload. */
export interface OverwritePayloadBody {
  readonly kind: "overwrite-payload";
  readonly ids: readonly PointId[];
  readonly payload: Payload;
}

export const overwritePayloadFormat: BodyFormat<OverwritePayloadBody> = {
  kind: "overwrite-payload",
  number: 6,
  write: (body) => [pointIdsToFields(body.ids), payloadToField(body.payload)],
  read: (fields) => ({ kind: "overwrite-payload", ids: fields.pointIds(), payload: fields.payload() }),
};
