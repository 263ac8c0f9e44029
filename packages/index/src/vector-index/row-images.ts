import { MurmurationError } from "../errors.js";
import { meta } from "./engine.js";
import { ROW_HEAD_BYTES, ROWS_STAGED } from "./graph-limits.js";
import type { RowStore } from "./row-file.js";
import { isRecordOf } from "./row-record.js";
import type { VectorIndex } from "./vector-index.js";

// Images of graphs whose f32 rows are in a file, and of ones whose rows are not there any more or not yet.

/** Where the rows of a graph are to be kept, and were. */
export interface RowKeeping {
  /** In a file from now on? */
  readonly isOffMemory: boolean;
  /** An empty file. Throws `storage`. */
  create(): RowStore;
  /** One of before, by its name; `undefined`: it is gone. */
  open(name: string): RowStore | undefined;
}

/** The region of rows as it is in memory, in pieces that are good until the next one. Throws `corrupt`, `storage` for one that is not to be had. */
export function* rowPieces(index: VectorIndex, slotCount: number): IterableIterator<Uint8Array> {
  const { rows, reader } = index;
  if (rows === undefined) throw new MurmurationError("internal", "the rows are in memory");
  const rowBytes = rows.recordBytes - ROW_HEAD_BYTES;
  for (let from = 0; from < slotCount; from += ROWS_STAGED) {
    const count = Math.min(ROWS_STAGED, slotCount - from);
    const piece = new Uint8Array(count * rowBytes);
    for (let i = 0; i < count; i++) {
      const { linked, dead } = reader.nodeAt(from + i);
      if (!linked) continue;
      try {
        const row = rows.rowAt(from + i);
        piece.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), i * rowBytes);
      } catch (error) {
        // nothing reads the row of a dead node, and its operation may be gone
        if (!dead || !(error instanceof MurmurationError)) throw error;
      }
    }
    yield piece;
  }
}

/** Read a region of rows to the file of an index whose nodes are not there yet; to be followed by `nameAll`. */
export function readRowsToFile(index: VectorIndex, slotCount: number, read: (piece: Uint8Array) => void): void {
  const { rows } = index;
  if (rows === undefined) throw new MurmurationError("internal", "the rows are in memory");
  for (let from = 0; from < slotCount; from += ROWS_STAGED) {
    const piece = new Uint8Array(Math.min(ROWS_STAGED, slotCount - from) * (rows.recordBytes - ROW_HEAD_BYTES));
    read(piece);
    rows.putUnnamed(from, piece);
  }
}

/** Write rows that were read to the file of such an index, from a slot on. */
export function putRowsToFile(index: VectorIndex, fromSlot: number, read: Uint8Array): void {
  const { rows } = index;
  if (rows === undefined) throw new MurmurationError("internal", "the rows are in memory");
  const staged = ROWS_STAGED * (rows.recordBytes - ROW_HEAD_BYTES);
  for (let at = 0, slot = fromSlot; at < read.length; at += staged, slot += ROWS_STAGED)
    rows.putUnnamed(slot, read.subarray(at, at + staged));
}

/** Take the rows of nodes that are there into memory, from a file. Throws `corrupt` for one of a live node that is not to be had. */
export function readRowsToMemory(index: VectorIndex, slotCount: number, store: RowStore): void {
  const [, , , vectors, metas] = index.imageRegions(slotCount, 0) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const rowBytes = vectors.length / Math.max(1, slotCount);
  const recordBytes = rowBytes + ROW_HEAD_BYTES;
  const u8 = new Uint8Array(recordBytes * ROWS_STAGED);
  const views = { u8, u32: new Uint32Array(u8.buffer) };
  const metaWords = new Uint32Array(metas.buffer, metas.byteOffset, metas.byteLength / 4);
  for (let from = 0; from < slotCount; from += ROWS_STAGED) {
    const count = Math.min(ROWS_STAGED, slotCount - from);
    const records = u8.subarray(0, count * recordBytes);
    records.fill(0, store.file.read(records, from * recordBytes, recordBytes));
    for (let i = 0; i < count; i++) {
      const { linked, dead } = index.reader.nodeAt(from + i);
      if (!linked) continue;
      const at = ((from + i) * meta.bytes) / 4;
      const record = i * recordBytes;
      const row = vectors.subarray((from + i) * rowBytes, (from + i + 1) * rowBytes);
      if (isRecordOf(views, record, recordBytes, [metaWords[at] as number, metaWords[at + 1] as number])) {
        row.set(u8.subarray(record + ROW_HEAD_BYTES, record + recordBytes));
        continue;
      }
      const dot = index.reader.dotAt(from + i);
      const vector = store.lost?.(dot);
      if (vector !== undefined) new Float32Array(row.buffer, row.byteOffset, vector.length).set(vector);
      else if (!dead)
        throw new MurmurationError(
          "corrupt",
          `vector ${dot.origin}:${dot.sequence} is lost in the file beside the image`,
        );
    }
  }
}
