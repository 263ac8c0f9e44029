import { Worker } from "node:worker_threads";
import { StressColumns } from "../payload/columns/stress-columns.test-support.js";
import { type PlantedIndexBug, plant } from "../planted.js";
import type { RowChange } from "./row-change.js";
import { createSegment, type Segment } from "./segment.js";
import { classOf, fails, historyClasses, historyPoints, idOf, touchAt } from "./stress-history.test-support.js";

/** How far a stress test has come. */
export interface StressProgress {
  readonly groups: number;
  /** By reader: how often it asked everything. */
  readonly checks: readonly number[];
  readonly mistakes: number;
  /** Versions of points that stand in rows, and how many rows were ever used. */
  readonly used: number;
  readonly rows: number;
  /** Paths with a column, and bytes that columns take. */
  readonly columns: number;
  readonly columnBytes: number;
}

/** The first mistake of each reader that made one, as text. */
export interface StressReport extends StressProgress {
  readonly told: readonly string[];
}

/** Versions are given back, so this is enough for any number of groups as long as readers go on. */
const CAPACITY = 1 << 20;

/** The writer of a history: see stress-history.test-support.ts. */
export class StressWriter {
  readonly segment: Segment = createSegment({ capacity: CAPACITY, slots: [CAPACITY] });
  readonly columns = new StressColumns(this.segment);
  /** Slot of each point; 0: it is not there. */
  readonly #slots = new Uint32Array(historyPoints);
  #freeSlots: number[] = [];
  #waiting: { readonly slot: number; readonly epoch: number }[] = [];
  #nextSlot = 1;
  groups = 0;

  /** The next group: prepared, made durable (that takes a while), and published or taken back. */
  group(): void {
    const epoch = this.segment.epoch + 1;
    const [changes, after, replaced] = this.#changes(epoch);
    this.columns.goOn();
    this.columns.enter(changes, this.segment.prepare(changes));
    for (let i = 0; i < 20_000; i++) this.groups += 0;
    this.groups++;
    if (fails(epoch)) {
      this.segment.takeBack();
      this.columns.takenBack();
      for (const [point, slot] of after) if (slot !== 0 && slot !== this.#slots[point]) this.#freeSlots.push(slot);
      return;
    }
    this.segment.publish();
    this.columns.published();
    for (const [point, slot] of after) this.#slots[point] = slot;
    for (const slot of replaced) this.#waiting.push({ slot, epoch });
    while (this.#waiting[0] !== undefined && this.segment.isPassed(this.#waiting[0].epoch)) {
      this.#freeSlots.push((this.#waiting.shift() as { slot: number }).slot);
    }
  }

  #changes(epoch: number): [changes: RowChange[], after: Map<number, number>, replaced: number[]] {
    const changes: RowChange[] = [];
    const after = new Map<number, number>();
    const replaced: number[] = [];
    for (let point = classOf(epoch); point < historyPoints; point += historyClasses) {
      const [id, before, touch] = [idOf(point), this.#slots[point] as number, touchAt(epoch, point)];
      const slot = touch === "remove" ? 0 : touch === "payload" && before !== 0 ? before : this.#takeSlot();
      after.set(point, slot);
      if (before !== 0 && slot !== before) replaced.push(before);
      if (touch === "remove") {
        changes.push({ kind: "remove", id });
        continue;
      }
      const stamp = { wallMs: epoch, counter: 0, origin: 1 };
      const payloadKey = epoch * historyPoints + point;
      changes.push({ kind: "put", id, payloadKey, stamp, version: epoch, slots: [slot] });
    }
    return [changes, after, replaced];
  }

  #takeSlot(): number {
    return this.#freeSlots.shift() ?? this.#nextSlot++;
  }
}

/** A writer beside so many readers in threads of their own, until `isEnough` says so; it is asked after every group. */
export async function runStress(options: {
  readonly readers: number;
  readonly bugs?: readonly PlantedIndexBug[];
  readonly isEnough: (progress: StressProgress) => boolean;
}): Promise<StressReport> {
  plant(options.bugs ?? []);
  const writer = new StressWriter();
  plant([]);
  const handle = writer.segment.handle();
  const state = new Int32Array(new SharedArrayBuffer(8 * (options.readers + 1)));
  const threads = Array.from({ length: options.readers }, (_, i) => i + 1);
  const told: string[] = [];
  const ends = threads.map((thread) => {
    const url = new URL("./stress-reader.test-support.js", import.meta.url);
    const worker = new Worker(url, { workerData: { handle, thread, state } });
    worker.on("message", (text: string) => told.push(text));
    return new Promise((resolve, reject) => worker.once("error", reject).once("exit", resolve));
  });
  const progress = (): StressProgress => ({
    groups: writer.groups,
    checks: threads.map((thread) => Atomics.load(state, 2 * thread)),
    mistakes: threads.reduce((sum, thread) => sum + Atomics.load(state, 2 * thread + 1), 0),
    used: writer.segment.use.used,
    rows: writer.segment.use.rows,
    columns: writer.columns.shown,
    columnBytes: writer.columns.bytesInUse,
  });
  while (!options.isEnough(progress())) writer.group();
  Atomics.store(state, 0, 1);
  await Promise.all(ends);
  return { ...progress(), told };
}
