// f32 rows in a file: the graph is walked, planned and changed on codes alone, and the host reads the few rows that are compared exactly to a
// stage of this thread's own. The stages are in the region where the rows would stand; nothing else of it is touched, so that it takes no memory.
import { ROW_HEAD_BYTES, ROWS_STAGED, THREADS_MAX } from "../src/vector-index/graph-limits";
import { capacity, thread, vectorBytes, vectorOf } from "./layout";

/** Have the records of the rows at the `count` (at most ROWS_STAGED) slots at an address put at stagedRecord(0) and on. */
// @ts-ignore: decorator
@external("env", "fetchRows") declare function fetchRows(slots: usize, count: u32): void;

/** Where this thread's stage begins; 0: rows are in memory. */
let stage: usize = 0;
let recordBytes: usize = 0;

// @ts-ignore: decorator
@inline export function areRowsInFile(): bool { return stage != 0; }
/** From now on rows are in a file. Returns where records are put; 0 where the region is too small for the stages of all threads: rows stay in memory. */
export function keepRowsInFile(): usize {
  recordBytes = vectorBytes + ROW_HEAD_BYTES;
  const bytes = recordBytes * ROWS_STAGED;
  stage = bytes * THREADS_MAX > <usize>capacity * vectorBytes ? 0 : vectorOf(0) + <usize>thread * bytes;
  return stage;
}
/** Read the rows of the `count` slots (u32) at `slots`, at most ROWS_STAGED. Where one cannot be read, the host knows. */
// @ts-ignore: decorator
@inline export function stageRows(slots: usize, count: u32): void { fetchRows(slots, count); }
/** Address of a row that was staged, by its place among them. */
// @ts-ignore: decorator
@inline export function stagedRow(place: u32): usize { return stage + <usize>place * recordBytes + ROW_HEAD_BYTES; }
