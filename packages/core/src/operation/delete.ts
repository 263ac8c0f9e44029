import type { PointId } from "@murmuration/index";
import type { BodyFormat } from "./format.js";
import { pointIdsToFields } from "./point-id-field.js";

/** Removes points. */
export interface DeleteBody {
  readonly kind: "delete";
  readonly ids: readonly PointId[];
}

export const deleteFormat: BodyFormat<DeleteBody> = {
  kind: "delete",
  number: 4,
  write: (body) => [pointIdsToFields(body.ids)],
  read: (fields) => ({ kind: "delete", ids: fields.pointIds() }),
};
