import type { Payload, PointId } from "@murmuration/index";
import { canonicalPayload } from "./canonical-payload.js";
import type { BodyFormat } from "./format.js";
import { pointIdToField } from "./point-id-field.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";
import { keptToField, vectorsToField } from "./vectors-field.js";

/** Replaces a whole point, or makes it. */
export interface UpsertBody {
  readonly kind: "upsert";
  readonly id: PointId;
  readonly vectors: readonly VectorVersion[];
  /** Vectors that stay as they are. */
  readonly kept: readonly KeptVector[];
  readonly payload: Payload;
}

export const upsertFormat: BodyFormat<UpsertBody> = {
  kind: "upsert",
  number: 1,
  write: (body) => [
    pointIdToField(body.id),
    vectorsToField(body.vectors),
    canonicalPayload(body.payload),
    keptToField(body.kept),
  ],
  read: (fields) => ({
    kind: "upsert",
    id: fields.pointId(),
    vectors: fields.vectors(),
    payload: fields.payload(),
    kept: fields.kept(),
  }),
};
