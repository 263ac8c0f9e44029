import type { Replica } from "@murmuration/core";
import { INDEX_SLICE_MS } from "./engine-limits.js";

/** Go on with payload indexes for a slice, in turns with everything else that the engine does. Returns whether there may be more to do. */
export function buildIndexes(replica: Pick<Replica, "buildIndexes">, nowMs = () => performance.now()): boolean {
  for (const untilMs = nowMs() + INDEX_SLICE_MS; replica.buildIndexes(1); ) if (nowMs() >= untilMs) return true;
  return false;
}
