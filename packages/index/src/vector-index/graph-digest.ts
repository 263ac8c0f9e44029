import type { Engine } from "./engine.js";
import type { GraphReader } from "./graph-reader.js";
import type { NodeDot } from "./search-types.js";

/** A node with the 64-bit hash of what it is and links to, by dots. */
export interface NodeDigest {
  readonly dot: NodeDot;
  readonly digest: bigint;
}

/** Digest of a graph as a set, 32 hex digits: over all members of its lists, or only the effective ones. On the writer's thread. */
export function digestOf(engine: Engine, all: boolean): string {
  engine.digest(all ? 1 : 0);
  const start = engine.at.results >> 2;
  return Array.from(engine.u32.subarray(start, start + 4), (word) => word.toString(16).padStart(8, "0")).join("");
}

/** Every node, in no stated order. On the writer's thread. */
export function* nodeDigestsOf(engine: Engine, reader: GraphReader): IterableIterator<NodeDigest> {
  const { u32, at } = engine;
  const word = (i: number) => BigInt(u32[(at.results >> 2) + i] as number);
  for (let slot = 0, end = reader.slotCount; slot < end; slot++) {
    if (!reader.nodeAt(slot).linked) continue;
    engine.digestNode(slot);
    yield { dot: reader.dotAt(slot), digest: word(0) | (word(1) << 32n) };
  }
}
