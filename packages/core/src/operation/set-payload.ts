import type { Payload, PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { payloadToField } from "./payload-field.js";
import { pointIdsToFields } from "./point-id-field.js";

/** Sets top-level fields of each point's payload; the last writer of a field wins it. */
export interface SetPayloadBody {
  readonly kind: "set-payload";
  readonly ids: readonly PointId[];
  readonly fields: Payload;
}

export const setPayloadFormat: BodyFormat<SetPayloadBody> = {
  kind: "set-payload",
  number: 5,
  write: (body) => [pointIdsToFields(body.ids), payloadToField(body.fields)],
  read: (fields) => ({ kind: "set-payload", ids: fields.pointIds(), fields: fields.payload() }),
};
