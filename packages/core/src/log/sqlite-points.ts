import type { PointId } from "@murmuration/index";
import { limits } from "../limits.js";
import { refuseMessage } from "../operation/refuse-message.js";
import type { StoredPoint } from "./op-log.js";
import { pointIdFromKey, pointIdToKey } from "./point-key.js";
import { arePointRows, noPointRows, type PointRows, withoutPointRow, withPointRow } from "./point-rows.js";
import { pointChecksum } from "./row-checksums.js";
import { withStorageErrors } from "./sqlite-error.js";
import type { ReadStatements, WriteStatements } from "./sqlite-statements.js";

/** A shard's key in the file, and what its points were written to be; `undefined`: that is lost. */
export interface PointsHead {
  readonly key: number;
  rows: PointRows | undefined;
}

/** The points of a shard. Throws `corrupt` for a row that is damaged, and at the end when they are not those that were `written`. */
export function* readPoints(
  file: string,
  reads: ReadStatements,
  shard: string,
  written: PointRows | undefined,
): Iterable<StoredPoint> {
  let after = new Uint8Array(0);
  let found = noPointRows;
  let hasChecksums = true;
  for (;;) {
    const page = withStorageErrors(file, () => reads.points.all(shard, after, limits.logPageRows));
    for (const row of page) {
      const { checksum } = row;
      const isIntact = checksum === null || checksum === pointChecksum(row.shard, row.id, row.state);
      if (!isIntact) refuseMessage(`${file}: a point of shard ${shard} is damaged: the checksum does not match`);
      hasChecksums &&= checksum !== null;
      found = withPointRow(found, checksum ?? 0);
      yield { id: pointIdFromKey(row.id), state: plainBytes(row.state) };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.logPageRows) break;
    after = plainBytes(last.id);
  }
  if (hasChecksums && (written === undefined || !arePointRows(found, written))) {
    refuseMessage(`${file}: points of shard ${shard} are lost, or are what they once were`);
  }
}

/** The rows of a shard without the one of this key. */
function rowsWithout({ key, rows }: PointsHead, id: Uint8Array, writes: WriteStatements): PointRows | undefined {
  const before = rows === undefined ? undefined : writes.pointChecksum.get(key, id);
  return rows === undefined || before === undefined ? rows : withoutPointRow(rows, before);
}

export function writePoint(writes: WriteStatements, head: PointsHead, id: PointId, state: Uint8Array): void {
  const key = pointIdToKey(id);
  const checksum = pointChecksum(head.key, key, state);
  const rows = rowsWithout(head, key, writes);
  writes.putPoint.run(head.key, key, state, checksum);
  head.rows = rows === undefined ? undefined : withPointRow(rows, checksum);
}

export function deletePoint(writes: WriteStatements, head: PointsHead, id: PointId): void {
  const key = pointIdToKey(id);
  const rows = rowsWithout(head, key, writes);
  writes.deletePoint.run(head.key, key);
  head.rows = rows;
}

export function dropPoints(writes: WriteStatements, head: PointsHead): void {
  writes.dropPoints.run(head.key);
  head.rows = noPointRows;
}

/** A Buffer is a Uint8Array of another prototype; callers get the plain one. */
export function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}
