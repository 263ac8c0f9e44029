import type { Payload, PointId } from "@murmuration/index";
import { canonicalPayload } from "./canonical-payload.js";
import type { BodyFormat } from "./format.js";
import { pointIdToField } from "./point-id-field.js";
import type { VectorVersion } from "./vector-version.js";
import { vectorsToField } from "./vectors-field.js";

/** Replaces a whole point, or makes it. */
export interface UpsertBody {
  readonly kind: "upsert";
  readonly id: PointId;
  readonly vectors: readonly VectorVersion[];
  readonly payload: Payload;
}

export const upsertFormat: BodyFormat<UpsertBody> = {
  kind: "upsert",
  number: 1,
  write: (body) => [pointIdToField(body.id), vectorsToField(body.vectors), canonicalPayload(body.payload)],
  read: (fields) => ({ kind: "upsert", id: fields.pointId(), vectors: fields.vectors(), payload: fields.payload() }),
};
