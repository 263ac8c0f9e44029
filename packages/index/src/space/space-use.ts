import { SparseMemory } from "../sparse/sparse-memory.js";
import { type GraphUse, graphUse } from "../vector-index/graph-use.js";
import type { SpaceReaderHandle } from "./space.js";

/** How much is in a space that another thread writes, without attaching to it: `thread` is this one's place where a graph is looked at. */
export function spaceUse(handle: SpaceReaderHandle, thread: number): GraphUse {
  if (!("kind" in handle)) return graphUse(handle, thread);
  const { linkedCount, deadCount, bytesInUse } = new SparseMemory(handle.memory);
  return { linked: linkedCount, dead: deadCount, bytes: bytesInUse };
}
