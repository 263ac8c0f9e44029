import { assert, MurmurationError } from "../errors.js";
import { compareNodeDots, type GraphReader } from "../vector-index/graph-reader.js";
import {
  GRAPH_BYTES,
  HEAD_BYTES,
  head,
  kinds,
  MAGIC,
  MATRIX_BYTES,
  nodeBytes,
  REMOVED_KEY,
  VERSION,
} from "./format.js";

const CHUNK_BYTES = 1 << 20;
const ABSENT = 0xffffffff;

/** The nodes that are written: their slots here, in the order of their slots in the file. */
interface Selection {
  readonly slots: readonly number[];
  /** Slot here → slot in the file, ABSENT for one that is not written. */
  readonly places: Uint32Array;
}

/**
 * The graph as a usearch file (version 2), in chunks of about a megabyte, to be written one after the other while the graph does not
 * change. Dead nodes are left out: whoever links to one is linked to its live neighbours instead, as far as there is room. `keyOf`
 * names each slot by a u64 below 2^64 − 1. Throws `unsupported` for manhattan, which usearch does not know.
 */
export function* writeUsearchFile(graph: GraphReader, keyOf: (slot: number) => bigint): Generator<Uint8Array> {
  const { metric, dimensions, links } = graph.options;
  if (metric === "manhattan") {
    throw new MurmurationError("unsupported", "usearch has no manhattan distance", "metric");
  }
  const selection = selectLive(graph);
  const { slots } = selection;
  const parts = function* (): Generator<Uint8Array> {
    yield matrixHead(slots.length, dimensions);
    for (const slot of slots) yield new Uint8Array(graph.vectorAt(slot).buffer);
    yield fileHead(metric === "euclid" ? kinds.euclid : kinds.innerProduct, slots.length, dimensions);
    yield graphHead(graph, selection);
    for (const slot of slots) yield new Uint8Array(Int16Array.of(graph.nodeAt(slot).level).buffer);
    for (const slot of slots) yield nodeOf(graph, selection, slot, keyOf(slot), links);
  };
  yield* inChunks(parts());
}

function selectLive(graph: GraphReader): Selection {
  const slots: number[] = [];
  const places = new Uint32Array(graph.slotCount).fill(ABSENT);
  for (let slot = 0; slot < places.length; slot++) {
    const { linked, dead } = graph.nodeAt(slot);
    if (linked && !dead) places[slot] = slots.push(slot) - 1;
  }
  return { slots, places };
}

function matrixHead(rows: number, dimensions: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(MATRIX_BYTES));
  bytes.setUint32(0, rows, true);
  bytes.setUint32(4, dimensions * 4, true);
  return new Uint8Array(bytes.buffer);
}

function fileHead(metric: number, rows: number, dimensions: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(HEAD_BYTES));
  for (let i = 0; i < MAGIC.length; i++) bytes.setUint8(i, MAGIC.charCodeAt(i));
  for (const [i, part] of VERSION.entries()) bytes.setUint16(head.version + 2 * i, part, true);
  bytes.setUint8(head.metric, metric);
  bytes.setUint8(head.scalar, kinds.f32);
  bytes.setUint8(head.key, kinds.u64);
  bytes.setUint8(head.slot, kinds.u32);
  bytes.setBigUint64(head.present, BigInt(rows), true);
  bytes.setBigUint64(head.dimensions, BigInt(dimensions), true);
  return new Uint8Array(bytes.buffer);
}

function graphHead(graph: GraphReader, { slots, places }: Selection): Uint8Array {
  const { links } = graph.options;
  // the entry is live where any node is
  const entry = slots.length === 0 ? undefined : graph.entrySlot();
  const highest = entry === undefined ? 0 : graph.nodeAt(entry).level;
  const counts = [slots.length, links, 2 * links, highest, entry === undefined ? 0 : (places[entry] as number)];
  const bytes = new DataView(new ArrayBuffer(GRAPH_BYTES));
  for (const [i, count] of counts.entries()) bytes.setBigUint64(8 * i, BigInt(count), true);
  return new Uint8Array(bytes.buffer);
}

function nodeOf(graph: GraphReader, selection: Selection, slot: number, key: bigint, links: number): Uint8Array {
  assert(key >= 0n && key < REMOVED_KEY, "a key of a usearch file is a u64, and its highest value is taken");
  const { level } = graph.nodeAt(slot);
  const bytes = new DataView(new ArrayBuffer(nodeBytes(level, links, 2 * links)));
  bytes.setBigUint64(0, key, true);
  bytes.setInt16(8, level, true);
  let at = 10;
  for (let l = 0; l <= level; l++) {
    const cap = l === 0 ? 2 * links : links;
    const neighbours = liveNeighbours(graph, selection.places, slot, l, cap);
    bytes.setUint32(at, neighbours.length, true);
    for (const [i, place] of neighbours.entries()) bytes.setUint32(at + 4 + 4 * i, place, true);
    at += 4 * (cap + 1);
  }
  return new Uint8Array(bytes.buffer);
}

/**
 * Places of the live neighbours, and of the live neighbours of the dead ones where these leave room. Of a list that merging has made
 * longer than the file allows, the nearest.
 */
function liveNeighbours(graph: GraphReader, places: Uint32Array, slot: number, level: number, cap: number): number[] {
  const found = new Set<number>();
  const dead: number[] = [];
  for (const neighbour of nearestFirst(graph, slot, graph.neighboursAt(slot, level), cap)) {
    const place = places[neighbour] as number;
    if (place === ABSENT) dead.push(neighbour);
    else if (found.size < cap) found.add(place);
  }
  for (const gone of dead) {
    for (const neighbour of graph.neighboursAt(gone, level)) {
      const place = places[neighbour] as number;
      if (found.size < cap && neighbour !== slot && place !== ABSENT) found.add(place);
    }
  }
  return [...found];
}

function nearestFirst(
  graph: GraphReader,
  slot: number,
  neighbours: Uint32Array,
  cap: number,
): ArrayLike<number> & Iterable<number> {
  if (neighbours.length <= cap) return neighbours;
  const distances = graph.distancesTo(graph.vectorAt(slot), neighbours);
  const order = [...neighbours.keys()].sort(
    (a, b) =>
      (distances[a] as number) - (distances[b] as number) ||
      compareNodeDots(graph.dotAt(neighbours[a] as number), graph.dotAt(neighbours[b] as number)),
  );
  return order.map((i) => neighbours[i] as number);
}

function* inChunks(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const piece = part.subarray(from, from + CHUNK_BYTES - used);
      chunk.set(piece, used);
      used += piece.length;
      from += piece.length;
      if (used < CHUNK_BYTES) continue;
      yield chunk;
      chunk = new Uint8Array(CHUNK_BYTES);
      used = 0;
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}
