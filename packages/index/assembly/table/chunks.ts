// Where a column has what it knows of a row. Any thread; but of a row that the thread's epoch does not show a cell is anything: visibility is
// looked at first wherever a cell is an address.
import {
  C_DIRECTORY, C_KIND, CHUNK_ROWS, CHUNK_SHIFT, GEO_CELLS, K_BYTES, K_CELLS, K_SETS, KEYWORD_CELLS, SET_BYTES, SEVERAL, VALUED,
} from "../../src/segment/column-layout";

// @ts-ignore: decorator
@inline export function kindOf(column: usize): u32 { return load<u32>(column + C_KIND); }
// @ts-ignore: decorator
@inline export function chunkOf(column: usize, row: u32): usize {
  return <usize>load<u32>(column + C_DIRECTORY) + <usize>(row >> CHUNK_SHIFT) * K_BYTES;
}
// @ts-ignore: decorator
@inline export function setsOf(chunk: usize): usize { return <usize>atomic.load<u32>(chunk + K_SETS); }
// @ts-ignore: decorator
@inline export function cellsOf(chunk: usize): usize { return <usize>load<u32>(chunk + K_CELLS); }
/** Address of the word that has the row's bit in a set of a chunk. */
// @ts-ignore: decorator
@inline export function wordOf(sets: usize, set: u32, row: u32): usize {
  return sets + <usize>set * SET_BYTES + (<usize>((row & CHUNK_ROWS - 1) >> 5) << 2);
}
// @ts-ignore: decorator
@inline export function hasBitOf(sets: usize, set: u32, row: u32): bool { return <bool>(load<u32>(wordOf(sets, set, row)) >> (row & 31) & 1); }
export function writeBit(sets: usize, set: u32, row: u32, value: u32): void {
  const at = wordOf(sets, set, row), bit = row & 31;
  store<u32>(at, load<u32>(at) & ~(1 << bit) | value << bit);
}
// @ts-ignore: decorator
@inline export function cellWidth(kind: u32): usize { return kind == KEYWORD_CELLS ? 4 : kind == GEO_CELLS ? 16 : 8; }
// @ts-ignore: decorator
@inline export function cellAt(cells: usize, kind: u32, row: u32): usize { return cells + <usize>(row & CHUNK_ROWS - 1) * cellWidth(kind); }

/** Does the column have this value for a row, whether or not anybody may see the row? Writer only. */
export function rowHolds(column: usize, row: u32, value: usize, key: i64): bool {
  const chunk = chunkOf(column, row), bits = setsOf(chunk);
  if (!bits || !hasBitOf(bits, VALUED, row)) return false;
  return cellHolds(kindOf(column), cellAt(cellsOf(chunk), kindOf(column), row), hasBitOf(bits, SEVERAL, row), value, key);
}
/** Is the value one of a cell's? */
export function cellHolds(kind: u32, cell: usize, isSeveral: bool, value: usize, key: i64): bool {
  if (kind == KEYWORD_CELLS) {
    if (!isSeveral) return <usize>load<u32>(cell) == value;
    const values = <usize>load<u32>(cell);
    for (let i: u32 = 0, count = load<u32>(values); i < count; i++) if (<usize>load<u32>(values + 8 + (<usize>i << 2)) == value) return true;
    return false;
  }
  if (!isSeveral) return load<i64>(cell) == key;
  const values = <usize>load<u64>(cell);
  for (let i: u32 = 0, count = load<u32>(values); i < count; i++) if (load<i64>(values + 8 + (<usize>i << 3)) == key) return true;
  return false;
}
/** Address of the values of a row that has several. */
export function severalAt(column: usize, row: u32): usize {
  const kind = kindOf(column), cell = cellAt(cellsOf(chunkOf(column, row)), kind, row);
  return kind == KEYWORD_CELLS ? <usize>load<u32>(cell) : <usize>load<u64>(cell);
}
