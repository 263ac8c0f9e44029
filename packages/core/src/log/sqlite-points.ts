import { assert, type PointId } from "@murmuration/index";
import { limits } from "../limits.js";
import { refuseMessage } from "../operation/refuse-message.js";
import type { PointRow as BarePoint, KeyedPayload, PointsOptions, StoredPoint } from "./op-log.js";
import { pointIdFromKey, pointIdToKey } from "./point-key.js";
import { arePointRows, noPointRows, type PointRows, withoutPointRow, withPointRow } from "./point-rows.js";
import { payloadChecksum, pointChecksum } from "./row-checksums.js";
import { withStorageErrors } from "./sqlite-error.js";
import { type Drops, isIntactPayload, type PayloadsHead } from "./sqlite-payloads.js";
import { intactChecksums } from "./sqlite-point-bytes.js";
import type { BarePointRow, PointRow, ReadStatements } from "./sqlite-statements.js";
import type { WriteStatements } from "./sqlite-write-statements.js";

/** Points that are verified at a time. */
const POINTS_VERIFIED = 1_024;

/** A shard's head, with what its points were written to be; `undefined`: that is lost. */
export interface PointsHead extends PayloadsHead {
  rows: PointRows | undefined;
}

/** The points of a shard. Throws `corrupt` for a row that is damaged, and at the end when they are not those that were `written`. */
export function* readPoints(
  file: string,
  reads: ReadStatements,
  shard: string,
  written: PointRows | undefined,
  options: PointsOptions = {},
): Iterable<StoredPoint> {
  let after = new Uint8Array(0);
  let found = noPointRows;
  let hasChecksums = true;
  for (;;) {
    const page = withStorageErrors(file, () => reads.points.all(shard, after, limits.logPageRows));
    for (const row of page) {
      if (!isIntactPoint(row)) refuseMessage(damagedPoint(file, shard));
      hasChecksums &&= row.checksum !== null;
      found = withPointRow(found, row.checksum ?? 0);
      yield pointOf(file, shard, row, options);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < limits.logPageRows) break;
    after = plainBytes(last.id);
  }
  if (hasChecksums && (written === undefined || !arePointRows(found, written))) {
    refuseMessage(lostPoints(file, shard));
  }
}

/** The row of a point, without its payload. Throws `corrupt` for one that is damaged. */
export function intactRow(file: string, shard: string, row: BarePointRow): BarePoint {
  if (!isIntactPoint(row)) refuseMessage(damagedPoint(file, shard));
  return { id: pointIdFromKey(row.id), state: plainBytes(row.state), payloadKey: row.payload ?? 0 };
}

/** Looks at every row of a shard's points. Returns how many there are; throws as `readPoints` does. */
export function verifyPoints(
  file: string,
  reads: ReadStatements,
  shard: string,
  key: number,
  written: PointRows | undefined,
): number {
  return withStorageErrors(file, () => {
    if (reads.pointBytes === undefined) return verifyEach(file, reads, shard, key, written);
    let found = noPointRows;
    let after = new Uint8Array(0);
    const isIntact = (id: Uint8Array, checksum: number) => {
      const row = reads.point.get(key, id);
      return row !== undefined && row.checksum === checksum && isIntactPoint(row);
    };
    for (;;) {
      const page = reads.pointBytes.get(key, after, POINTS_VERIFIED);
      const checksums = page && intactChecksums(key, page, isIntact);
      if (checksums === undefined) return refuseMessage(damagedPoint(file, shard));
      for (const checksum of checksums) found = withPointRow(found, checksum);
      if (page?.last == null || checksums.length < POINTS_VERIFIED) break;
      after = plainBytes(page.last);
    }
    if (written === undefined || !arePointRows(found, written)) refuseMessage(lostPoints(file, shard));
    return found.count;
  });
}

/** The same for a log whose points have no keys of payloads, and maybe no checksums. */
function verifyEach(
  file: string,
  reads: ReadStatements,
  shard: string,
  key: number,
  written: PointRows | undefined,
): number {
  let found = noPointRows;
  let count = 0;
  let hasChecksums = true;
  for (const row of reads.pointPage.iterate(key, new Uint8Array(0), -1)) {
    if (!isIntactPoint(row)) refuseMessage(damagedPoint(file, shard));
    hasChecksums &&= row.checksum !== null;
    found = withPointRow(found, row.checksum ?? 0);
    count++;
  }
  if (hasChecksums && (written === undefined || !arePointRows(found, written))) refuseMessage(lostPoints(file, shard));
  return count;
}

function damagedPoint(file: string, shard: string): string {
  return `${file}: a point of shard ${shard} is damaged: the checksum does not match`;
}

function lostPoints(file: string, shard: string): string {
  return `${file}: points of shard ${shard} are lost, or are what they once were`;
}

export function isIntactPoint({ shard, checksum, id, state, payload }: BarePointRow): boolean {
  return checksum === null || checksum === pointChecksum(shard, id, state, payload ?? undefined);
}

function pointOf(
  file: string,
  name: string,
  { shard, id: key, state: bytes, payload, payloadBytes, payloadChecksum }: PointRow,
  { onLostPayload }: PointsOptions,
): StoredPoint {
  const id = pointIdFromKey(key);
  const state = plainBytes(bytes);
  if (payload === null || payload === 0) return { id, state };
  if (payloadBytes !== null && payloadChecksum !== null) {
    const isIntact = isIntactPayload(shard, payload, { checksum: payloadChecksum, bytes: payloadBytes });
    if (isIntact) return { id, state, payload: { key: payload, bytes: plainBytes(payloadBytes) } };
  }
  if (onLostPayload !== undefined) {
    onLostPayload(id, payload);
    return { id, state };
  }
  const what = payloadBytes === null ? "lost" : "damaged: the checksum does not match";
  return refuseMessage(`${file}: the payload of point ${id} of shard ${name} is ${what}`);
}

/** Takes the row that is there out of what the rows add up to. Returns the key of its payload, 0 for none. */
function withoutRow(head: PointsHead, id: Uint8Array, writes: WriteStatements): number {
  const before = writes.pointBefore.get(head.key, id);
  if (before === undefined) return 0;
  if (head.rows !== undefined) head.rows = withoutPointRow(head.rows, before.checksum);
  return before.payload;
}

export function writePoint(
  writes: WriteStatements,
  drops: Drops,
  head: PointsHead,
  id: PointId,
  state: Uint8Array,
  payload: KeyedPayload | undefined,
): void {
  const key = pointIdToKey(id);
  const payloadKey = payload?.key ?? 0;
  const checksum = pointChecksum(head.key, key, state, payloadKey);
  // most points are new, and need not be looked for
  const isNew = writes.addPoint.run(head.key, key, state, payloadKey, checksum).changes === 1;
  const had = isNew ? 0 : withoutRow(head, key, writes);
  if (!isNew) writes.putPoint.run(head.key, key, state, payloadKey, checksum);
  if (head.rows !== undefined) head.rows = withPointRow(head.rows, checksum);
  if (had === payloadKey) return;
  if (had !== 0) drops.drop(head.key, had);
  if (payload === undefined) return;
  const bytes = payload.bytes();
  assert(payloadKey > 0 && payloadKey <= limits.payloadKeyMax, "a payload has a key of its own");
  writes.putPayload.run(head.key, payloadKey, payloadChecksum(head.key, payloadKey, bytes), bytes);
  drops.put(head, payloadKey);
}

export function deletePoint(writes: WriteStatements, drops: Drops, head: PointsHead, id: PointId): void {
  const key = pointIdToKey(id);
  const had = withoutRow(head, key, writes);
  if (had !== 0) drops.drop(head.key, had);
  writes.deletePoint.run(head.key, key);
}

export function dropPoints(writes: WriteStatements, drops: Drops, head: PointsHead): void {
  drops.dropAll(head.key);
  writes.dropPoints.run(head.key);
  head.rows = noPointRows;
}

/** A Buffer is a Uint8Array of another prototype; callers get the plain one. */
export function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}
