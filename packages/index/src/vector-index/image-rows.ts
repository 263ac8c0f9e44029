import { type ReadExactly, readCheckedManifest } from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import { header, meta } from "./engine.js";
import { GRAPH_IMAGE, type GraphManifest } from "./image.js";
import { walksOnCodes } from "./options.js";
import type { NodeDot } from "./search-types.js";

/** Nodes whose dots are read at a time. */
const NODES_AT_ONCE = 4_096;

/** Reads an image from a byte on. */
export type ReadImageFrom = (offset: number) => ReadExactly;

function nameOf({ origin, sequence }: NodeDot): string {
  return `${origin}:${sequence}`;
}

/**
 * Vectors of some nodes from a whole image, without putting the graph together: what of them it has is told, some of its nodes at a time. The
 * regions' checksums are not compared: who keeps the image has checksums of its own. Throws `corrupt` for what is no whole image.
 */
export function* findRowsInImage(
  readFrom: ReadImageFrom,
  wanted: readonly NodeDot[],
  found: (dot: NodeDot, vector: Float32Array) => void,
): Generator<void, void> {
  let headBytes = 0;
  const read = readFrom(0);
  const manifest = readCheckedManifest<GraphManifest>(GRAPH_IMAGE, (target) => {
    headBytes += target.length;
    return read(target);
  });
  const { options, slotCount, rows, parts } = manifest;
  if (rows !== undefined || parts !== undefined || !Number.isSafeInteger(slotCount))
    throw new MurmurationError("corrupt", "the vectors of a graph are not in its image");
  const { dimensions, links, metric } = options;
  const rowBytes = Math.ceil(dimensions / 4) * 16;
  const codeBytes = walksOnCodes(options) ? Math.ceil((dimensions + (metric === "euclid" ? 8 : 4)) / 16) * 16 : 0;
  const vectorsAt = headBytes + (header.end - header.start) + slotCount * ((2 * links + 1) * 4 + codeBytes);
  const metasAt = vectorsAt + slotCount * rowBytes;
  const names = new Map(wanted.map((dot) => [nameOf(dot), dot]));
  const readMetas = readFrom(metasAt);
  for (let from = 0; from < slotCount && names.size > 0; from += NODES_AT_ONCE) {
    const nodes = Math.min(NODES_AT_ONCE, slotCount - from);
    const words = new Uint32Array((nodes * meta.bytes) / 4);
    if (!readMetas(new Uint8Array(words.buffer))) throw new MurmurationError("corrupt", "the graph image ends early");
    for (let i = 0; i < nodes; i++) {
      const [low, high] = words.subarray((i * meta.bytes) / 4) as unknown as [number, number];
      const dot = names.get(nameOf({ origin: high >>> 8, sequence: (high & 0xff) * 2 ** 32 + low }));
      const isLinked = ((words[(i * meta.bytes + meta.state) / 4] as number) & meta.linked) !== 0;
      if (dot === undefined || !isLinked) continue;
      const vector = new Float32Array(dimensions);
      if (!readFrom(vectorsAt + (from + i) * rowBytes)(new Uint8Array(vector.buffer)))
        throw new MurmurationError("corrupt", "the graph image ends early");
      found(dot, vector);
      names.delete(nameOf(dot));
    }
    yield;
  }
}
