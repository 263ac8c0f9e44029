import { MurmurationError } from "../errors.js";
import { type DeltaLists, type DeltaNeighbour, encodeGraphDelta } from "../vector-index/graph-delta.js";
import { compareNodeDots, type NodeDot } from "../vector-index/graph-reader.js";
import { normalise } from "../vector-index/normalise.js";
import type { Metric, VectorIndexOptions } from "../vector-index/options.js";
import { VectorIndex } from "../vector-index/vector-index.js";
import { insertionOrder } from "./insertion-order.js";
import { parseUsearchFile, type UsearchFile } from "./parse-usearch-file.js";

/** How a usearch file becomes an index. */
export interface UsearchReadOptions {
  /** Nodes become origin:first, origin:first + 1, … */
  readonly origin: number;
  /** Default 1. */
  readonly firstSequence?: number;
  /** For inserts to come. */
  readonly efConstruction: number;
  readonly quantization: VectorIndexOptions["quantization"];
  /** `cosine` for a file of inner products over normalised vectors, as we write them; default: the file's own metric. */
  readonly metric?: Metric;
}

/** What became of the file. */
export interface UsearchImport {
  readonly index: VectorIndex;
  /** Key of each slot; 2^64 − 1 for removed nodes, which are dead here. */
  readonly keys: BigUint64Array;
  /** Links of the file that found no place: their list was full, or their level is above that of the new node. */
  readonly droppedLinks: number;
  /** Links against the direction of one of the file that remain: of nodes to which none was linked later. */
  readonly addedLinks: number;
}

/**
 * Read a usearch file (version 2, f32) into a new index with the file's own graph: no neighbour is searched. All of it goes through
 * `VectorIndex.apply` by deltas, in which the levels of nodes follow from their dots (docs/usearch.md says what that costs).
 * Live nodes are visible. Throws as `parseUsearchFile` does, and `capacity` when the vectors do not fit.
 */
export function readUsearchFile(chunks: readonly Uint8Array[], options: UsearchReadOptions): UsearchImport {
  const file = parseUsearchFile(chunks);
  const { efConstruction, quantization } = options;
  const index = new VectorIndex({
    dimensions: file.dimensions,
    metric: metricFor(file, options.metric),
    links: Math.max(2, file.links, Math.ceil(file.baseLinks / 2)),
    efConstruction,
    quantization,
  });
  index.requireRoomFor(file.count);
  const dotAt = (place: number): NodeDot => ({
    origin: options.origin,
    sequence: (options.firstSequence ?? 1) + place,
  });
  const order = insertionOrder(file, (place) => index.levelOf(dotAt(place)));
  const graft = new Graft(file, index, order, dotAt);
  const keys = new BigUint64Array(file.count);
  for (const [place, from] of order.entries()) {
    const vector = file.vectorAt(from);
    const delta = encodeGraphDelta(dotAt(place), graft.listsFor(place));
    const slot = index.apply(dotAt(place), index.options.metric === "cosine" ? normalise(vector) : vector, delta);
    keys[slot] = file.keys[from] as bigint;
    if (!file.removed.has(from)) index.reader.show(slot);
  }
  for (const [place, from] of order.entries()) {
    // after all links: none is ever added to a dead node
    if (file.removed.has(from)) index.markDead(index.slotOf(dotAt(place)) as number, true);
  }
  return { index, keys, droppedLinks: graft.droppedLinks, addedLinks: graft.addedLinks };
}

function metricFor(file: UsearchFile, wanted: Metric | undefined): Metric {
  if (wanted === undefined || wanted === file.metric || (wanted === "cosine" && file.metric === "dot"))
    return wanted ?? file.metric;
  throw new MurmurationError("unsupported", `the usearch file is of metric ${file.metric}`, "metric");
}

/**
 * Turns the file's links into deltas, place by place. A link from an earlier node to a later one can be added only by the later
 * one's insert, which links it back; the surplus link is removed by the next insert that links to it.
 */
class Graft {
  droppedLinks = 0;
  readonly #file: UsearchFile;
  readonly #index: VectorIndex;
  readonly #order: Uint32Array;
  readonly #dotAt: (place: number) => NodeDot;
  readonly #placeOf: Uint32Array;
  /** By level and file slot: links from earlier nodes that wait for the later one; surplus links. */
  readonly #waiting: Map<number, number[]>[] = [];
  readonly #surplus: Map<number, NodeDot[]>[] = [];
  /** "level:file slot" of nodes that are lower here than in the file. */
  readonly #lost = new Set<string>();

  constructor(file: UsearchFile, index: VectorIndex, order: Uint32Array, dotAt: (place: number) => NodeDot) {
    this.#file = file;
    this.#index = index;
    this.#order = order;
    this.#dotAt = dotAt;
    this.#placeOf = new Uint32Array(file.count);
    for (const [place, from] of order.entries()) this.#placeOf[from] = place;
  }

  get addedLinks(): number {
    return this.#surplus.reduce((sum, level) => sum + [...level.values()].reduce((of, dots) => of + dots.length, 0), 0);
  }

  /** The lists of the delta of the node at a place. */
  listsFor(place: number): DeltaLists {
    const from = this.#order[place] as number;
    const height = this.#file.levels[from] as number;
    const here = this.#index.levelOf(this.#dotAt(place));
    for (let level = here + 1; level <= height; level++) {
      this.droppedLinks +=
        this.#file.neighboursAt(from, level).length + (this.#waitingAt(level).get(from)?.length ?? 0);
      this.#waitingAt(level).delete(from);
      this.#lost.add(`${level}:${from}`);
    }
    return Array.from({ length: Math.min(here, height) + 1 }, (_, level) => this.#neighboursFor(place, from, level));
  }

  #neighboursFor(place: number, from: number, level: number): DeltaNeighbour[] {
    const waiting = new Set(this.#waitingAt(level).get(from) ?? []);
    this.#waitingAt(level).delete(from);
    const cap = level === 0 ? 2 * this.#index.options.links : this.#index.options.links;
    const surplus = this.#surplusAt(level);
    const own: number[] = [];
    for (const to of this.#file.neighboursAt(from, level)) {
      if (level > 0 && this.#lost.has(`${level}:${to}`)) this.droppedLinks++;
      else if ((this.#placeOf[to] as number) < place) own.push(to);
      else this.#wait(level, to, from);
    }
    const both = new Set(own);
    const oneWay = [...waiting].filter((to) => !both.has(to));
    const room = Math.max(0, cap - own.length);
    this.droppedLinks += Math.max(0, oneWay.length - room);
    const back = oneWay.slice(0, room);
    if (back.length > 0)
      surplus.set(
        from,
        back.map((to) => this.#dotAt(this.#placeOf[to] as number)),
      );
    return [...own, ...back]
      .map((to) => {
        const removed = surplus.get(to) ?? [];
        surplus.delete(to);
        return { dot: this.#dotAt(this.#placeOf[to] as number), add: waiting.has(to), removed };
      })
      .sort((a, b) => compareNodeDots(a.dot, b.dot));
  }

  #wait(level: number, to: number, from: number): void {
    const waiting = this.#waitingAt(level);
    const list = waiting.get(to);
    if (list === undefined) waiting.set(to, [from]);
    else list.push(from);
  }

  #waitingAt(level: number): Map<number, number[]> {
    return (this.#waiting[level] ??= new Map());
  }

  #surplusAt(level: number): Map<number, NodeDot[]> {
    return (this.#surplus[level] ??= new Map());
  }
}
