import {
  C_DIRECTORY,
  CHUNK_ROWS,
  CHUNK_SHIFT,
  K_BYTES,
  K_CELLS,
  K_SETS,
  SET_BYTES,
  SEVERAL,
} from "../../segment/column-layout.js";
import type { ColumnEngine } from "./column-engine.js";

/** Where the cell of a row with a value stands. */
export interface Cell {
  /** Word of the table's memory. */
  readonly at: number;
  /** Is the cell the address of several values? */
  readonly isSeveral: boolean;
}

/** The cell of a row that an epoch which this thread is at shows, and that has a value; cells have so many words. */
export function cellOf({ u32 }: ColumnEngine, column: number, row: number, cellWords: number): Cell {
  const chunk = (u32[(column + C_DIRECTORY) >>> 2] as number) + (row >>> CHUNK_SHIFT) * K_BYTES;
  const sets = u32[(chunk + K_SETS) >>> 2] as number;
  const inChunk = row & (CHUNK_ROWS - 1);
  const several = u32[(sets + SEVERAL * SET_BYTES + ((inChunk >>> 5) << 2)) >>> 2] as number;
  const at = ((u32[(chunk + K_CELLS) >>> 2] as number) >>> 2) + inChunk * cellWords;
  return { at, isSeveral: ((several >>> (inChunk & 31)) & 1) === 1 };
}
