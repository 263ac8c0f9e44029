import type { PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { pointIdToField } from "./point-id-field.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";
import { keptToField, vectorsToField } from "./vectors-field.js";

/** Sets the given vectors of a point and keeps its others. */
export interface UpdateVectorsBody {
  readonly kind: "update-vectors";
  readonly id: PointId;
  readonly vectors: readonly VectorVersion[];
  /** Vectors that were given and stay as they are. */
  readonly kept: readonly KeptVector[];
}

export const updateVectorsFormat: BodyFormat<UpdateVectorsBody> = {
  kind: "update-vectors",
  number: 2,
  write: (body, format) => [pointIdToField(body.id), vectorsToField(body.vectors, format), keptToField(body.kept)],
  read: (fields, format) => {
    const id = fields.pointId();
    const vectors = fields.vectors(format);
    return { kind: "update-vectors", id, vectors, kept: fields.kept(vectors) };
  },
};
