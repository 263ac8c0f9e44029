import type { Payload, PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { payloadToField } from "./payload-field.js";
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
  payloadField: 2,
  write: (body, format) => [
    pointIdToField(body.id),
    vectorsToField(body.vectors, format),
    payloadToField(body.payload),
    keptToField(body.kept),
  ],
  read: (fields, format) => {
    const id = fields.pointId();
    const vectors = fields.vectors(format);
    const payload = fields.payload();
    return { kind: "upsert", id, vectors, payload, kept: fields.kept(vectors) };
  },
};
