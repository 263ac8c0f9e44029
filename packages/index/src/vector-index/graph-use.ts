import { attachEngine, header } from "./engine.js";
import type { GraphHandle } from "./graph-handle.js";

/** How much is in a graph. */
export interface GraphUse {
  /** Nodes, dead ones included. */
  readonly linked: number;
  /** Nodes that are dead but still route. */
  readonly dead: number;
  /** Memory in use by slots and upper lists; pages never touched are not counted. */
  readonly bytes: number;
}

interface Layout {
  readonly bytesPerSlot: number;
  readonly upperLists: number;
}

/** By options: graphs of the same ones are laid out alike. */
const layouts = new Map<string, Layout>();
/** Options that are kept at a time. */
const LAYOUTS_MAX = 1_024;

/** How much is in a graph that another thread writes, without attaching to it: `thread` is this one's place where the first of its kind is looked at. */
export function graphUse(handle: GraphHandle, thread: number): GraphUse {
  const u32 = new Uint32Array(handle.memory.buffer);
  const wordAt = (place: number) => Atomics.load(u32, place >> 2);
  const { bytesPerSlot, upperLists } = layoutOf(handle, thread);
  return {
    linked: wordAt(header.linkedCount),
    dead: wordAt(header.deadCount),
    bytes: wordAt(header.nextSlot) * bytesPerSlot + (wordAt(header.upperNext) - upperLists),
  };
}

function layoutOf({ memory, options, rows }: GraphHandle, thread: number): Layout {
  const name = JSON.stringify([options, rows === undefined]);
  const known = layouts.get(name);
  if (known !== undefined) return known;
  const { at, vectorOf, codeOf, listOf, metaOf } = attachEngine(memory, options, thread);
  const perSlot = [...(rows === undefined ? [vectorOf] : []), codeOf, metaOf].reduce(
    (sum, of) => sum + ((of(1) >>> 0) - (of(0) >>> 0)),
    8,
  );
  const layout = { bytesPerSlot: perSlot + ((listOf(1, 0) >>> 0) - (listOf(0, 0) >>> 0)), upperLists: at.upperLists };
  if (layouts.size >= LAYOUTS_MAX) layouts.clear();
  layouts.set(name, layout);
  return layout;
}
