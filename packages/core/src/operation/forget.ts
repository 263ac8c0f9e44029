import type { PointId } from "@murmuration/index";
import type { Stamp } from "../causality/hybrid-clock.js";
import { FieldReader } from "./field-reader.js";
import type { BodyFormat } from "./format.js";
import { pointIdsToFields } from "./point-id-field.js";

/** A tombstone by the delete that made it: of a point deleted again meanwhile, the newer one stays. */
export interface Tombstone {
  readonly id: PointId;
  readonly stamp: Stamp;
}

/**
 * Drops the tombstones of points whose deletion every member holds: nothing concurrent with it can still arrive, so that nobody needs
 * its stamp any more. Written by the owner of the deletes.
 */
export interface ForgetBody {
  readonly kind: "forget";
  readonly tombstones: readonly Tombstone[];
}

export const forgetFormat: BodyFormat<ForgetBody> = {
  kind: "forget",
  number: 12,
  write: ({ tombstones }) => [
    pointIdsToFields(tombstones.map(({ id }) => id)),
    tombstones.flatMap(({ stamp }) => [stamp.time.wallMs, stamp.time.counter, stamp.origin]),
  ],
  read: (fields) => {
    const ids = fields.pointIds();
    const stamps = new FieldReader(fields.list(), "stamps of tombstones");
    const tombstones = ids.map((id) => ({ id, stamp: { time: stamps.time(), origin: stamps.origin() } }));
    stamps.end();
    return { kind: "forget", tombstones };
  },
};
