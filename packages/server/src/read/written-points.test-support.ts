import {
  type CollectionHandle,
  Columns,
  createSegment,
  type Payload,
  type PayloadReader,
  type PointId,
  printPayload,
  type RowChange,
  type Segment,
  VectorIndex,
  type VectorIndexOptions,
} from "@murmuration/index";
import type { ReadableCollection } from "./readers.js";

export const DIMENSIONS = 8;
const options: VectorIndexOptions = {
  dimensions: DIMENSIONS,
  metric: "euclid",
  links: 8,
  efConstruction: 60,
  quantization: "int8",
};
const utf8 = new TextEncoder();

/** What reading a payload under such a key does to the thread that reads. */
export const deadlyKeys = {
  exits: 1e9,
  stays: 1e9 + 1,
  fillsHeap: 1e9 + 2,
  traps: 1e9 + 3,
  failsLater: 1e9 + 4,
  fails: 1e9 + 5,
};

/** The payload under a key, in any thread. */
export function payloadAt(key: number): Payload {
  return {
    n: key,
    half: key / 2,
    colour: ["red", "green", "blue"][key % 3] as string,
    text: `grün ${"x".repeat(key % 50)}`,
  };
}

/** For a pool whose threads know payloads by themselves. */
export const noPayloads = { logFile: "", cacheMebibytes: 0 };

export const payloadsByKey: PayloadReader = { bytesOf: (key) => utf8.encode(printPayload(payloadAt(key))) };

export const vectorAt = (id: number) =>
  Float32Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(id * (i + 1) * 0.7) * (1 + (id % 5)));

export interface PointToWrite {
  readonly id: PointId;
  readonly payloadKey: number;
  readonly vector: Float32Array;
}

/** A collection with an unnamed vector, as an engine writes it. Payloads are those of `payloadAt`. */
export class WrittenPoints {
  readonly segment: Segment;
  readonly index = new VectorIndex(options);
  readonly #columns: Columns;
  readonly #slots = new Map<PointId, number>();
  readonly #dead: number[] = [];
  #readable: ReadableCollection | undefined;
  #sequence = 0;

  constructor() {
    this.segment = createSegment({ capacity: 100_000, slots: [this.index.capacity] });
    this.#columns = new Columns(this.segment.engine);
    this.#publish([]);
  }

  /** As threads read it: the same collection whenever it is asked for. */
  get readable(): ReadableCollection {
    this.#readable ??= { shard: "points", handle: this.#handle() };
    return this.#readable;
  }

  #handle(): CollectionHandle {
    return { table: this.segment.handle(), spaces: [{ name: "", graph: this.index.handle() }] };
  }

  write(points: readonly PointToWrite[]): void {
    const changes = points.map(({ id, payloadKey, vector }): RowChange => {
      this.#kill(id);
      const dot = { origin: 1, sequence: ++this.#sequence };
      const slot = this.index.apply(dot, vector, this.index.plan(dot, vector));
      this.#slots.set(id, slot);
      const version = dot.sequence;
      return { kind: "put", id, payloadKey, version, slots: [slot], stamp: { wallMs: version, counter: 0, origin: 1 } };
    });
    this.#publish(changes);
  }

  remove(ids: readonly PointId[]): void {
    for (const id of ids) this.#kill(id);
    this.#publish(ids.map((id) => ({ kind: "remove", id })));
  }

  /** Take dead nodes out of the graph. Returns their slots, which wait for readers. */
  purge(): number[] {
    const dead = this.#dead.splice(0);
    const dots = dead.map((slot) => this.index.reader.dotAt(slot));
    for (const slot of dead) this.index.condemn(slot);
    this.index.purge(dots);
    return dead;
  }

  slotOf(id: PointId): number | undefined {
    return this.#slots.get(id);
  }

  /** A column over all points. */
  createColumn(path: string, schema: Parameters<Columns["create"]>[1]): void {
    const column = this.#columns.create(path, schema);
    const { rows } = this.segment.reader;
    for (const _ of this.#columns.build(column, (row) => payloadAt(rows.payloadKeyAt(row))));
    this.segment.prepare([]);
    this.#columns.show(column);
    this.#shown();
  }

  #kill(id: PointId): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#dead.push(slot);
    this.index.markDead(slot, true);
  }

  #publish(changes: readonly RowChange[]): void {
    const rows = this.segment.prepare(changes);
    for (const [i, change] of changes.entries()) {
      if (change.kind === "put") this.#columns.enter(rows[i] as number, payloadAt(change.payloadKey));
    }
    this.#shown();
  }

  #shown(): void {
    this.segment.publish();
    this.#columns.published();
    this.index.published();
  }
}

/** Points 1 to `count`, in groups; their payloads are under their ids. */
export function written(count: number): WrittenPoints {
  const points = new WrittenPoints();
  for (let from = 0; from < count; from += 100) {
    points.write(
      Array.from({ length: Math.min(100, count - from) }, (_, i) => ({
        id: from + i + 1,
        payloadKey: from + i + 1,
        vector: vectorAt(from + i + 1),
      })),
    );
  }
  return points;
}

/** No walk of a graph is settled from here on, until something is written. */
export function unsettle({ index }: WrittenPoints): void {
  const dot = { origin: 2, sequence: 1 };
  index.apply(dot, vectorAt(9_000), index.plan(dot, vectorAt(9_000)));
}

/** Is every thread past what the writer gives up now? */
export function arePassed({ segment, index }: WrittenPoints): boolean {
  segment.prepare([]);
  const epoch = segment.publish();
  index.published();
  return segment.isPassed(epoch);
}
