import { Worker } from "node:worker_threads";
import { type PlantedIndexBug, plant } from "../planted.js";
import type { RowPut } from "../segment/row-change.js";
import { createSegment, type Segment } from "../segment/segment.js";
import {
  classOf,
  fails,
  historyClasses,
  historyPoints,
  idOf,
  touchAt,
} from "../segment/stress-history.test-support.js";
import type { EdgeDelta } from "../vector-index/graph-types.js";
import type { NodeDot } from "../vector-index/search-types.js";
import { SharedRowFile } from "../vector-index/shared-row-file.test-support.js";
import { VectorIndex } from "../vector-index/vector-index.js";
import type { CollectionHandle } from "./collection-handle.js";
import { beaconId, beaconKeyAt, beaconWritten, stressDimensions, vectorWritten } from "./stress-points.test-support.js";

/** How far a stress test has come. */
export interface SearchStressProgress {
  readonly groups: number;
  /** By reader: how often it asked everything. */
  readonly checks: readonly number[];
  readonly mistakes: number;
  /** Nodes that were inserted, and slots that were ever used. */
  readonly nodes: number;
  readonly slots: number;
}

/** The first mistake of each reader that made one, as text. */
export interface SearchStressReport extends SearchStressProgress {
  readonly told: readonly string[];
}

const CAPACITY = 1 << 18;
/** For many more slots than points. */
const ROW_FILE_BYTES = 1 << 24;
const BEACON = historyPoints;
/** Dead nodes are dropped for good with every so many groups. */
const GROUPS_PER_PURGE = 8;
const NODES_MAX = 4_096;
/** Origins of whose nodes this writer takes care: its own. */
const owned: ReadonlySet<number> = new Set([1]);
/** Before anybody reads: by then most points are there. */
const GROUPS_FIRST = 4 * historyClasses;

/** The writer of the history. */
class SearchStressWriter {
  readonly index: VectorIndex;
  readonly segment: Segment;
  /** Slot of each point that is there. */
  readonly #slots = new Map<number, number>();
  #dead: NodeDot[] = [];
  #sequence = 0;
  groups = 0;
  nodes = 0;

  /** `rows`: where the vectors are, off memory. */
  constructor(rows: SharedRowFile | undefined) {
    const options = {
      dimensions: stressDimensions,
      metric: "euclid",
      links: 8,
      efConstruction: 32,
      quantization: "int8",
    } as const;
    this.index = new VectorIndex(options, rows && { name: "rows", file: rows });
    this.segment = createSegment({ capacity: CAPACITY, slots: [this.index.capacity] });
  }

  handle(): CollectionHandle {
    return { table: this.segment.handle(), spaces: [{ name: "", graph: this.index.handle() }] };
  }

  /** The next group, published or taken back. */
  group(): void {
    const epoch = this.segment.epoch + 1;
    const undo: (() => void)[] = [];
    const changes = this.#touched(epoch).map((point) => {
      const touch = point === BEACON ? "vector" : touchAt(epoch, point);
      const before = this.#slots.get(point);
      if (touch !== "payload" || before === undefined) this.#drop(point, undo);
      const id = point === BEACON ? beaconId : idOf(point);
      if (touch === "remove") return { kind: "remove", id } as const;
      if (!this.#slots.has(point)) this.#insert(point, epoch, undo);
      return this.#put(point, epoch);
    });
    this.segment.prepare(changes);
    this.groups++;
    if (fails(epoch)) {
      for (const take of undo.reverse()) take();
      this.segment.takeBack();
      return;
    }
    this.segment.publish();
    this.index.published();
    if (this.groups % GROUPS_PER_PURGE === 0) this.#purge();
  }

  #touched(epoch: number): number[] {
    const points = [BEACON];
    for (let point = classOf(epoch); point < historyPoints; point += historyClasses) points.push(point);
    return points;
  }

  #drop(point: number, undo: (() => void)[]): void {
    const slot = this.#slots.get(point);
    if (slot === undefined) return;
    this.#slots.delete(point);
    this.index.markDead(slot, true);
    this.#dead.push(this.index.reader.dotAt(slot));
    undo.push(() => {
      this.#dead.pop();
      this.index.markDead(slot, false);
      this.#slots.set(point, slot);
    });
  }

  #insert(point: number, epoch: number, undo: (() => void)[]): void {
    const vector = point === BEACON ? beaconWritten(epoch) : vectorWritten(epoch, point);
    const dot = { origin: 1, sequence: ++this.#sequence };
    const delta = this.index.plan(dot, vector);
    const slot = this.index.apply(dot, vector, delta);
    this.nodes++;
    this.#slots.set(point, slot);
    undo.push(() => {
      this.#slots.delete(point);
      this.index.revert(slot, delta);
    });
  }

  #put(point: number, epoch: number): RowPut {
    const id = point === BEACON ? beaconId : idOf(point);
    const payloadKey = point === BEACON ? beaconKeyAt(epoch) : epoch * historyPoints + point;
    const stamp = { wallMs: epoch, counter: 0, origin: 1 };
    return { kind: "put", id, payloadKey, stamp, version: epoch, slots: [this.#slots.get(point)] };
  }

  /** What upkeep does: links to the dead are replaced, the dead dropped for good, and nodes that nothing leads to linked again. */
  #purge(): void {
    const { index } = this;
    for (const dot of this.#dead) index.condemn(index.slotOf(dot) as number);
    this.#dead = [];
    for (const node of index.nodesToRepair(owned, 0, NODES_MAX).nodes) this.#link(index.planRepair(node));
    index.purge(index.purgeable(owned, NODES_MAX));
    for (const isForced of [false, true]) {
      for (const node of index.unreachable(owned, NODES_MAX)) this.#link(index.planRescue(node, isForced));
    }
  }

  #link(delta: EdgeDelta | undefined): void {
    if (delta === undefined) return;
    const past = new Map([[1, this.#sequence]]);
    this.index.applyEdges({ origin: 1, sequence: ++this.#sequence }, delta, past);
    this.index.settleTags(new Map([[1, this.#sequence]]));
  }
}

/** A writer beside so many readers in threads of their own, until `isEnough` says so; it is asked after every group. */
export async function runSearchStress(options: {
  readonly readers: number;
  readonly bugs?: readonly PlantedIndexBug[];
  /** Vectors are kept off memory. */
  readonly areVectorsInFile?: boolean;
  readonly isEnough: (progress: SearchStressProgress) => boolean;
}): Promise<SearchStressReport> {
  plant(options.bugs ?? []);
  const rows = options.areVectorsInFile === true ? new SharedArrayBuffer(ROW_FILE_BYTES) : undefined;
  const writer = new SearchStressWriter(rows && new SharedRowFile(rows));
  plant([]);
  const handle = writer.handle();
  while (writer.groups < GROUPS_FIRST) writer.group();
  const state = new Int32Array(new SharedArrayBuffer(8 * (options.readers + 1)));
  const threads = Array.from({ length: options.readers }, (_, i) => i + 1);
  const told: string[] = [];
  const ends = threads.map((thread) => {
    const url = new URL("./stress-searches.test-support.js", import.meta.url);
    const worker = new Worker(url, { workerData: { handle, thread, state, rows, bugs: options.bugs ?? [] } });
    worker.on("message", (text: string) => told.push(text));
    return new Promise((resolve, reject) => worker.once("error", reject).once("exit", resolve));
  });
  const progress = (): SearchStressProgress => ({
    groups: writer.groups,
    checks: threads.map((thread) => Atomics.load(state, 2 * thread)),
    mistakes: threads.reduce((sum, thread) => sum + Atomics.load(state, 2 * thread + 1), 0),
    nodes: writer.nodes,
    slots: writer.index.reader.slotCount,
  });
  while (!options.isEnough(progress())) writer.group();
  Atomics.store(state, 0, 1);
  await Promise.all(ends);
  return { ...progress(), told };
}
