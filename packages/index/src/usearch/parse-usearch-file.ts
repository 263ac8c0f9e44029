import { MurmurationError } from "../errors.js";
import { type Metric, vectorIndexLimits } from "../vector-index/options.js";
import { ChunkedBytes } from "./chunked-bytes.js";
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

/** A usearch file with every bound checked. Nodes are named by their slots in the file. */
export interface UsearchFile {
  /** `dot`: usearch calls it inner product. */
  readonly metric: Extract<Metric, "cosine" | "dot" | "euclid">;
  readonly dimensions: number;
  readonly count: number;
  readonly links: number;
  readonly baseLinks: number;
  readonly entry: number;
  readonly levels: Int16Array;
  readonly keys: BigUint64Array;
  /** Removed nodes: in the graph, but no answers. */
  readonly removed: ReadonlySet<number>;
  vectorAt(slot: number): Float32Array;
  /** Slots in a list, each once and never the node's own. */
  neighboursAt(slot: number, level: number): readonly number[];
}

const metricOf = new Map<number, UsearchFile["metric"]>([
  [kinds.innerProduct, "dot"],
  [kinds.cosine, "cosine"],
  [kinds.euclid, "euclid"],
]);

/**
 * Check a whole usearch file (version 2) and give access to its parts. Throws `corrupt` for a file that is damaged, `unsupported` for
 * one without vectors, of other scalars than f32, or of a metric or sizes that our engine does not know.
 */
export function parseUsearchFile(chunks: readonly Uint8Array[]): UsearchFile {
  const bytes = new ChunkedBytes(chunks);
  const rows = bytes.u32(0);
  const rowBytes = bytes.u32(4);
  const headAt = MATRIX_BYTES + rows * rowBytes;
  const { metric, dimensions, live, deleted } = readHead(bytes, headAt);
  if (rows === 0 && live > 0) throw new MurmurationError("unsupported", "the usearch file holds no vectors");
  if (rows > 0 && rowBytes !== dimensions * 4) refuse("its rows are not of its dimensions");

  const graphAt = headAt + HEAD_BYTES;
  const count = bytes.count(graphAt, 2 ** 32 - 1);
  if (count !== rows || live + deleted !== count) refuse("its parts count different numbers of vectors");
  const links = bytes.count(graphAt + 8, 2 ** 32 - 1);
  const baseLinks = bytes.count(graphAt + 16, 2 ** 32 - 1);
  if (
    links < 1 ||
    links > vectorIndexLimits.links.max ||
    baseLinks < links ||
    baseLinks > 2 * vectorIndexLimits.links.max
  ) {
    throw new MurmurationError("unsupported", `a graph of ${links} and ${baseLinks} links does not fit our engine`);
  }
  const highest = bytes.count(graphAt + 24, 2 ** 15 - 1);
  const entry = bytes.count(graphAt + 32, Math.max(0, count - 1));

  const levelsAt = graphAt + GRAPH_BYTES;
  bytes.require(levelsAt, 2 * count);
  const levels = new Int16Array(count);
  const keys = new BigUint64Array(count);
  const removed = new Set<number>();
  const nodesAt = new Float64Array(count);
  let at = levelsAt + 2 * count;
  for (let slot = 0; slot < count; slot++) {
    const level = bytes.i16(levelsAt + 2 * slot);
    if (level < 0 || level > highest) refuse(`a node is on level ${level}`);
    bytes.require(at, nodeBytes(level, links, baseLinks));
    if (bytes.i16(at + 8) !== level) refuse("a node is on two levels");
    levels[slot] = level;
    keys[slot] = bytes.u64(at);
    if (keys[slot] === REMOVED_KEY) removed.add(slot);
    nodesAt[slot] = at;
    at += nodeBytes(level, links, baseLinks);
  }
  if (at !== bytes.length) refuse("bytes follow its end");
  if (removed.size !== deleted) refuse("it counts other removed vectors than it holds");
  if (count > 0 && levels[entry] !== highest) refuse("its entry is not on the highest level");

  const neighboursAt = (slot: number, level: number): readonly number[] => {
    const list =
      (nodesAt[slot] as number) + 10 + (level === 0 ? 0 : 4 * (baseLinks + 1) + (level - 1) * 4 * (links + 1));
    const length = bytes.u32(list);
    if (length > (level === 0 ? baseLinks : links)) refuse(`a list holds ${length} links`);
    const found = new Set<number>();
    for (let i = 1; i <= length; i++) {
      const neighbour = bytes.u32(list + 4 * i);
      if (neighbour >= count || (levels[neighbour] as number) < level) refuse("a link leads to no node of its level");
      if (neighbour !== slot) found.add(neighbour);
    }
    return [...found];
  };
  for (let slot = 0; slot < count; slot++) for (let l = 0; l <= (levels[slot] as number); l++) neighboursAt(slot, l);

  const vectorAt = (slot: number): Float32Array => {
    const vector = new Float32Array(dimensions);
    bytes.copy(MATRIX_BYTES + slot * rowBytes, new Uint8Array(vector.buffer));
    return vector;
  };
  return { metric, dimensions, count, links, baseLinks, entry, levels, keys, removed, vectorAt, neighboursAt };
}

function readHead(bytes: ChunkedBytes, at: number) {
  bytes.require(at, HEAD_BYTES + GRAPH_BYTES);
  for (let i = 0; i < MAGIC.length; i++)
    if (bytes.u8(at + i) !== MAGIC.charCodeAt(i)) refuse("its head is not where it should be");
  const version = bytes.u16(at + head.version);
  if (version !== VERSION[0])
    throw new MurmurationError("unsupported", `usearch files of version ${version} are not known`);
  const metric = metricOf.get(bytes.u8(at + head.metric));
  if (metric === undefined)
    throw new MurmurationError("unsupported", "the usearch file is of a metric that we do not have", "metric");
  const kindsFit =
    bytes.u8(at + head.scalar) === kinds.f32 &&
    bytes.u8(at + head.key) === kinds.u64 &&
    bytes.u8(at + head.slot) === kinds.u32;
  if (!kindsFit)
    throw new MurmurationError("unsupported", "only usearch files of f32 vectors and 64-bit keys are read");
  const dimensions = bytes.count(at + head.dimensions, vectorIndexLimits.dimensions.max);
  if (dimensions === 0) refuse("its vectors have no dimensions");
  const live = bytes.count(at + head.present, 2 ** 32 - 1);
  return { metric, dimensions, live, deleted: bytes.count(at + head.deleted, 2 ** 32 - 1) };
}

function refuse(reason: string): never {
  throw new MurmurationError("corrupt", `the usearch file is damaged: ${reason}`);
}
