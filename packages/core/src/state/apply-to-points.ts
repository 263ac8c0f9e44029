import { assert, type PointId } from "@murmuration/index";
import { compareStamps } from "../causality/hybrid-clock.js";
import type { Operation } from "../operation/operation.js";
import { isPlanted } from "../planted.js";
import {
  deletePoint,
  deletePointFields,
  deletePointVectors,
  type PointState,
  replacePointPayload,
  setPointFields,
  updatePointVectors,
  upsertPoint,
  type Write,
} from "./point-state.js";

/** The points of a shard as an operation changes them. */
interface Points {
  state(id: PointId): PointState | undefined;
  /** `undefined` forgets the point. */
  put(id: PointId, next: PointState | undefined): void;
}

/** Put the states that an operation of a shard makes of its points. Returns the points whose state may have changed. */
export function applyToPoints(operation: Operation, write: Write, points: Points): readonly PointId[] {
  const change = (id: PointId, next: (state: PointState) => PointState) => {
    const state = points.state(id);
    // causal order: whoever wrote this had seen the point, so that only a purged tombstone can be missing
    if (state !== undefined) points.put(id, next(state));
  };
  switch (operation.kind) {
    case "upsert": {
      const vectors = operation.vectors.map((vector) => vector.name);
      const { id, kept, payload } = operation;
      points.put(id, upsertPoint(points.state(id), write, { id, vectors, kept, payload }));
      return [id];
    }
    case "delete":
      for (const id of operation.ids) {
        const next = deletePoint(points.state(id), write, id);
        points.put(id, isPlanted("forget-tombstone") && !next.exists ? undefined : next);
      }
      return operation.ids;
    case "update-vectors": {
      const names = operation.vectors.map((vector) => vector.name);
      change(operation.id, (state) => updatePointVectors(state, write, names, operation.kept));
      return [operation.id];
    }
    case "delete-vectors":
      for (const id of operation.ids) change(id, (state) => deletePointVectors(state, write, operation.names));
      return operation.ids;
    case "set-payload":
      for (const id of operation.ids) change(id, (state) => setPointFields(state, write, operation.fields));
      return operation.ids;
    case "overwrite-payload":
      for (const id of operation.ids) change(id, (state) => replacePointPayload(state, write, operation.payload));
      return operation.ids;
    case "delete-payload":
      for (const id of operation.ids) change(id, (state) => deletePointFields(state, write, operation.fields));
      return operation.ids;
    case "clear-payload":
      for (const id of operation.ids) change(id, (state) => replacePointPayload(state, write, {}));
      return operation.ids;
    case "edges":
    case "purge":
      return [];
    case "forget":
      return operation.tombstones.flatMap(({ id, stamp }) => {
        const state = points.state(id);
        // written again by somebody who had not seen this: then the tombstone is gone already, or another one
        if (state === undefined || state.exists || compareStamps(state.stamp, stamp) !== 0) return [];
        points.put(id, undefined);
        return [id];
      });
    case "catalogue":
      return assert(false, "the catalogue is the system shard's") as never;
  }
}
