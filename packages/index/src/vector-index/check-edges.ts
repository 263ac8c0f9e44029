import { MurmurationError } from "../errors.js";
import { decodeEdgeDelta, type EdgeList } from "./edge-delta.js";
import type { Engine } from "./engine.js";
import { putDelta } from "./engine-input.js";
import { RAW_MAX } from "./graph-limits.js";
import type { EdgeDelta } from "./graph-types.js";
import type { VectorIndexOptions } from "./options.js";

/** Blocks begin at multiples of it (assembly/blocks.ts). */
export const BLOCK_ALIGNMENT = 16;
/** The block of a list that has as many members as one can have. */
const BLOCK_BYTES_MAX = 65_536 + BLOCK_ALIGNMENT;

interface SharedList {
  added: number;
  deltas: number;
}

/**
 * Bytes of blocks, and tags, that these deltas may take, applied one after the other. `sizeOf`: members of a list now. Throws `corrupt` for
 * one that is malformed or does not fit the graph. Changes nothing.
 */
export function roomForEdges(
  engine: Engine,
  options: VectorIndexOptions,
  deltas: readonly EdgeDelta[],
  sizeOf: (list: EdgeList) => number,
): { readonly blocks: number; readonly tags: number } {
  let blocks = deltas.length > 1 ? roomForShared(deltas, sizeOf) : 0;
  let tags = 0;
  for (const delta of deltas) {
    putDelta(engine, options, delta);
    if (engine.checkEdges(delta.length) === 0) {
      throw new MurmurationError("corrupt", "the edge delta is malformed or does not fit the graph");
    }
    blocks += engine.roomForLists() >>> 0;
    tags += engine.tagsAdded();
  }
  return { blocks, tags };
}

/**
 * What deltas that fit the graph one by one need beside that to fit it one after the other: of a list that several of them change, each
 * after the first finds what those before it have made. Returns bytes of blocks. Throws `corrupt` where
 * a list would outgrow its bound, or where a delta adds to such a list what it also removes.
 */
function roomForShared(deltas: readonly EdgeDelta[], sizeOf: (list: EdgeList) => number): number {
  const seen = new Map<string, SharedList>();
  let bytes = 0;
  for (const delta of deltas) {
    for (const list of decodeEdgeDelta(delta)) {
      const name = `${list.level} ${nameOf(list.dot)}`;
      const before = seen.get(name) ?? { added: 0, deltas: 0 };
      const shared = { added: before.added + list.added.length, deltas: before.deltas + 1 };
      seen.set(name, shared);
      if (shared.deltas === 1) continue;
      const removed = new Set(list.removed.map(nameOf));
      const contradicts = list.added.some((dot) => removed.has(nameOf(dot)));
      if (contradicts || sizeOf(list) + shared.added > RAW_MAX) {
        throw new MurmurationError("corrupt", "the edge deltas do not fit the graph one after the other");
      }
      bytes += 2 * BLOCK_BYTES_MAX;
    }
  }
  return bytes;
}

const nameOf = ({ origin, sequence }: { readonly origin: number; readonly sequence: number }) =>
  `${origin}:${sequence}`;
