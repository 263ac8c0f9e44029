import { parentPort, workerData } from "node:worker_threads";
import { ColumnReader } from "../payload/columns/column-reader.js";
import { columnMistakeAt } from "../payload/columns/stress-columns.test-support.js";
import type { PointId } from "../point/point-id.js";
import { attachSegmentReader, type SegmentHandle, type SegmentReader } from "./reader.js";
import { historyOrder, historyPoints, idOf, payloadKeyAt } from "./stress-history.test-support.js";

// A reader in a thread of its own: pins an epoch, asks everything several times over, and compares with what the history says.

const { handle, thread, state, stays } = workerData as {
  readonly handle: SegmentHandle;
  readonly thread: number;
  /** Word 0: 1 to stop; then by thread: how often everything was asked, and mistakes. */
  readonly state: Int32Array;
  /** Stay at the first epoch, reading. */
  readonly stays?: boolean;
};
const ids = Array.from({ length: historyPoints }, (_, point) => idOf(point));

const [checks, mistakes] = [2 * thread, 2 * thread + 1];

/** What is wrong with the answers at an epoch, the first thing. */
function mistakeAt(reader: SegmentReader, epoch: number): string | undefined {
  const { rows } = reader;
  const expected = ids.map((_, point) => payloadKeyAt(epoch, point));
  for (const [point, id] of ids.entries()) {
    const row = reader.rowOf(id, epoch);
    const found = row === undefined ? undefined : rows.payloadKeyAt(row);
    if (found !== expected[point]) return `${id} has payload ${found}, not ${expected[point]}`;
    if (row === undefined) continue;
    if (rows.idAt(row) !== id) return `the row of ${id} is that of ${rows.idAt(row)}`;
    const slot = rows.slotAt(row, 0);
    if (slot === undefined || reader.rowAtSlot(0, slot, epoch) !== row) return `${id} is not found at slot ${slot}`;
  }
  const scrolled: (number | undefined)[] = [];
  for (let from: PointId | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
    const page = reader.scroll(from, 100, epoch);
    for (const row of page.rows) scrolled.push(rows.payloadKeyAt(row));
    from = page.next;
  }
  const live = historyOrder.map((point) => expected[point]).filter((key) => key !== undefined);
  if (scrolled.length !== live.length) return `${scrolled.length} points scrolled, not ${live.length}`;
  const wrong = live.findIndex((key, i) => scrolled[i] !== key);
  if (wrong >= 0) return `${scrolled[wrong]} scrolled where ${live[wrong]} is`;
  const counts = [reader.count(epoch), reader.countByLooking(epoch)];
  if (counts.some((count) => count !== live.length)) return `${counts} points counted, not ${live.length}`;
  return columnMistakeAt(reader, columns, epoch, live, Atomics.load(state, checks));
}

const reader = attachSegmentReader(handle, thread);
const columns = new ColumnReader(reader.engine);
for (let round = 0, last = 0, told = false; Atomics.load(state, 0) === 0; round++) {
  const pin = reader.pin();
  let mistake = pin.epoch < last ? `from epoch ${last} back to ${pin.epoch}` : undefined;
  last = pin.epoch;
  // some stay at an epoch for long
  for (
    let i = 0, times = stays === true ? Infinity : round % 5 === 0 ? 12 : 2;
    i < times && mistake === undefined;
    i++
  ) {
    mistake = mistakeAt(reader, pin.epoch);
    Atomics.add(state, checks, 1);
  }
  if (mistake !== undefined) {
    Atomics.add(state, mistakes, 1);
    if (!told) parentPort?.postMessage(`reader ${thread} at epoch ${pin.epoch}: ${mistake}`);
    told = true;
  }
  pin.release();
}
