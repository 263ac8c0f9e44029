import { commandsOf, type PointWrite } from "@murmuration/core";

/** Points that a write inserts or replaces. */
export function upsertedBy(write: PointWrite): number {
  return commandsOf(write).reduce((sum, each) => sum + (each.kind === "upsert-points" ? each.points.length : 0), 0);
}
