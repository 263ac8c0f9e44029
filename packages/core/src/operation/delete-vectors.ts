import type { PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { pointIdsToFields } from "./point-id-field.js";
import { textsToField } from "./text-field.js";

/** Removes the named vectors of each point. */
export interface DeleteVectorsBody {
  readonly kind: "delete-vectors";
  readonly ids: readonly PointId[];
  readonly names: readonly string[];
}

export const deleteVectorsFormat: BodyFormat<DeleteVectorsBody> = {
  kind: "delete-vectors",
  number: 3,
  write: (body) => [pointIdsToFields(body.ids), textsToField(body.names, "vectors")],
  read: (fields) => ({ kind: "delete-vectors", ids: fields.pointIds(), names: fields.names() }),
};
