import type { PointId } from "@murmuration/index";
import type { Operation } from "./operation.js";

/** The points that an operation writes to; of a purge and of what forgets tombstones: none. */
export function pointsOf(operation: Operation): readonly PointId[] {
  if ("id" in operation) return [operation.id];
  if ("ids" in operation) return operation.ids;
  return [];
}
