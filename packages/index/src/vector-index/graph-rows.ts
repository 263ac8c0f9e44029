import { MurmurationError } from "../errors.js";
import { isPlanted } from "../planted.js";
import { ROW_HEAD_BYTES, ROWS_STAGED } from "./graph-limits.js";
import type { RowFile, RowFileReader, RowStore } from "./row-file.js";
import { type DotWords, isRowOf, nameRecord, putRecordHead, type RecordViews, unreadRow } from "./row-record.js";

/** Where a thread has the f32 rows of a graph from that keeps them in a file. */
export interface RowSource {
  readonly name: string;
  readonly file: RowFileReader;
  /** The writer's. */
  readonly store?: RowStore;
}

/** What of an engine the rows are read to. */
export interface RowMemory extends RecordViews {
  readonly f32: Float32Array;
  metaOf(slot: number): number;
}

/**
 * One thread's reads of the f32 rows of a graph that keeps them in a file, each as a record at its slot. Whoever may read a slot in memory may
 * read its record: that is written before rows name the slot, and not again before the slot is used again. What stands at a slot is
 * believed only where it is its node's and whole.
 */
export class GraphRows {
  readonly recordBytes: number;
  readonly #memory: RowMemory;
  readonly #file: RowFileReader;
  readonly #name: string;
  /** Address of this thread's stage. */
  readonly #stage: number;
  /** The writer's. */
  readonly #store: RowStore | undefined;
  /** Records on the stage, and the rows in them: views cost as much as what is done with them. */
  readonly #records: readonly Uint8Array[];
  readonly #rows: readonly Uint8Array[];
  #failure: MurmurationError | undefined;
  #mended = 0;

  constructor(memory: RowMemory, stage: number, rowBytes: number, { name, file, store }: RowSource) {
    this.#memory = memory;
    this.#file = file;
    this.#name = name;
    this.#stage = stage;
    this.recordBytes = rowBytes + ROW_HEAD_BYTES;
    this.#store = store;
    const { recordBytes } = this;
    const places = Array.from({ length: ROWS_STAGED }, (_, place) => stage + place * recordBytes);
    this.#records = places.map((at) => memory.u8.subarray(at, at + recordBytes));
    this.#rows = places.map((at) => memory.u8.subarray(at + ROW_HEAD_BYTES, at + recordBytes));
  }

  /** Rows that were damaged or lost and came from elsewhere. */
  get mended(): number {
    return this.#mended;
  }

  /** The writer's: where they are kept. */
  get store(): RowStore {
    if (this.#store === undefined)
      throw new MurmurationError("internal", "rows are written by the writer of their graph");
    return this.#store;
  }

  /** Put the records of `count` slots (u32 at an address) on the stage. The engine calls this: what fails is kept for `check`. */
  fetch(slotsAt: number, count: number): void {
    const { u32 } = this.#memory;
    const first = slotsAt >>> 2;
    try {
      for (let place = 0; place < count; ) {
        const slot = u32[first + place] as number;
        let run = 1;
        while (place + run < count && u32[first + place + run] === slot + run) run++;
        this.#read(place, slot, run);
        place += run;
      }
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.#failure ??= error;
    }
  }

  /** Throws what a fetch has failed with since the last call: `corrupt` for a row that is damaged or lost, `storage`. */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure;
  }

  /** The row at a slot, its pad included, on the stage: good until the next call. Throws as `check`. */
  rowAt(slot: number): Float32Array {
    this.#read(0, slot, 1);
    const start = this.#stage + ROW_HEAD_BYTES;
    return this.#memory.f32.subarray(start >>> 2, (this.#stage + this.recordBytes) >>> 2);
  }

  /** The writer's: write the vector of the node that has just got a slot. Where that fails, whoever reads it finds it damaged. */
  put(slot: number, vector: Float32Array): void {
    this.#compose(this.#stage, slot, vector);
    if (isPlanted("row-stays") && this.#file.read(new Uint8Array(1), slot * this.recordBytes, this.recordBytes) > 0)
      return;
    this.#write(this.#stage, slot);
  }

  /** The writer's: write the vector of a node that was found damaged or lost. */
  mend(slot: number, vector: Float32Array): void {
    this.put(slot, vector);
    this.#mended++;
  }

  /** The writer's: rows in order from a slot on, at most `ROWS_STAGED`, whose nodes are not known yet. Throws `storage`. */
  putUnnamed(from: number, rows: Uint8Array): void {
    const rowBytes = this.recordBytes - ROW_HEAD_BYTES;
    const count = rows.length / rowBytes;
    for (let i = 0; i < count; i++) {
      const record = this.#stage + i * this.recordBytes;
      this.#memory.u8.set(rows.subarray(i * rowBytes, (i + 1) * rowBytes), record + ROW_HEAD_BYTES);
      putRecordHead(this.#memory, record, this.recordBytes, [0, 0]);
    }
    this.store.file.write(this.#staged(count), from * this.recordBytes, this.recordBytes);
  }

  /** The writer's: the nodes of what was put so are those that are at their slots now. Throws `storage`. */
  nameAll(slotCount: number): void {
    for (let from = 0; from < slotCount; from += ROWS_STAGED) {
      const records = this.#staged(Math.min(ROWS_STAGED, slotCount - from));
      this.#readInto(records, from);
      for (let i = 0; i * this.recordBytes < records.length; i++)
        nameRecord(this.#memory, this.#stage + i * this.recordBytes, this.#dotAt(from + i));
      this.store.file.write(records, from * this.recordBytes, this.recordBytes);
    }
  }

  /** The writer's: leave nothing in the records of slots before `slotCount` that no node stands at. Throws `storage`. */
  wipe(slotCount: number, isLinked: (slot: number) => boolean): void {
    const nothing = new Uint8Array(this.recordBytes);
    const { file } = this.store;
    for (let slot = 0; slot < slotCount; slot++)
      if (!isLinked(slot)) file.write(nothing, slot * this.recordBytes, this.recordBytes);
    file.flush();
  }

  #staged(count: number): Uint8Array {
    return this.#memory.u8.subarray(this.#stage, this.#stage + count * this.recordBytes);
  }

  #readInto(records: Uint8Array, slot: number): void {
    const read = this.#readable(records, slot);
    // what stood there of another slot must not pass for this one
    if (read < records.length) records.fill(0, read);
  }

  #readable(records: Uint8Array, slot: number): number {
    try {
      return this.#file.read(records, slot * this.recordBytes, this.recordBytes);
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      throw unreadRow({ unreadIn: this.#name, slot, cause: error }, error.code, error.message);
    }
  }

  #read(place: number, slot: number, count: number): void {
    const start = this.#stage + place * this.recordBytes;
    const first = isPlanted("row-of-another") ? slot + 1 : slot;
    const one = this.#records[place] as Uint8Array;
    this.#readInto(count === 1 ? one : this.#memory.u8.subarray(start, start + count * this.recordBytes), first);
    if (isPlanted("row-of-another") || isPlanted("row-stays")) return;
    const { u32, metaOf } = this.#memory;
    for (let i = 0; i < count; i++) {
      const record = start + i * this.recordBytes;
      const dot = (metaOf(slot + i) >>> 0) >>> 2;
      const row = this.#rows[place + i] as Uint8Array;
      const isSound = isRowOf(this.#memory, record >>> 2, row, u32[dot] as number, u32[dot + 1] as number);
      if (!isSound) this.#mend(record, slot + i);
    }
  }

  /** What a node's meta begins with. */
  #dotAt(slot: number): DotWords {
    const { u32, metaOf } = this.#memory;
    const at = (metaOf(slot) >>> 0) >>> 2;
    return [u32[at] as number, u32[at + 1] as number];
  }

  /** Have the record on the stage be what the writer's host has elsewhere, and the file, too. */
  #mend(record: number, slot: number): void {
    const [low, high] = this.#dotAt(slot);
    const dot = { origin: high >>> 8, sequence: (high & 0xff) * 2 ** 32 + low };
    const vector = this.#store?.lost?.(dot);
    if (vector === undefined) {
      const problem = `vector ${dot.origin}:${dot.sequence} is damaged or lost in its file`;
      throw unreadRow({ unreadIn: this.#name, slot, cause: undefined }, "corrupt", problem);
    }
    this.#compose(record, slot, vector);
    this.#write(record, slot);
    this.#mended++;
  }

  #compose(record: number, slot: number, vector: Float32Array): void {
    const { u8, f32 } = this.#memory;
    u8.fill(0, record, record + this.recordBytes);
    f32.set(vector, (record + ROW_HEAD_BYTES) >>> 2);
    putRecordHead(this.#memory, record, this.recordBytes, this.#dotAt(slot));
  }

  #write(record: number, slot: number): void {
    const file: RowFile = this.store.file;
    try {
      file.write(
        this.#memory.u8.subarray(record, record + this.recordBytes),
        slot * this.recordBytes,
        this.recordBytes,
      );
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
    }
  }
}
