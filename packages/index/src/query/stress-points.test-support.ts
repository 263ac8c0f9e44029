import type { PointId } from "../point/point-id.js";
import {
  fails,
  historyPoints,
  idOf,
  lastTouch,
  mix,
  payloadKeyAt,
  touchAt,
} from "../segment/stress-history.test-support.js";

// The history of segment/stress-history.test-support.ts, with vectors and payloads; and one point more, in the middle of all, that every group
// replaces.

export const stressDimensions = 4;
/** The point that is always there, and always replaced. */
export const beaconId = 2 ** 40;
/** Where it is looked for, and never far from: nearer than any other point, all of which have whole numbers. */
export const beaconPlace = new Float32Array(stressDimensions).fill(0.5);
/** Keys of its payloads: above those of all others. */
const BEACON_KEYS = 2 ** 45;

/** What stands at a point. */
export interface StressPoint {
  readonly id: PointId;
  readonly version: number;
  readonly payloadKey: number;
  readonly vector: Float32Array;
}

/** The vector that a group writes to a point: small whole numbers, so that distances are exact. */
export function vectorWritten(epoch: number, point: number): Float32Array {
  return Float32Array.from({ length: stressDimensions }, (_, i) => (mix(epoch * stressDimensions + i, point) % 19) - 9);
}

export function beaconWritten(epoch: number): Float32Array {
  return beaconPlace.map((x, i) => x + ((epoch + i) % 8) / 64);
}

export function beaconKeyAt(epoch: number): number {
  return BEACON_KEYS + epoch;
}

/** The group that wrote the vector which a point has at an epoch, if there is such a point. */
function vectorEpoch(epoch: number, point: number): number | undefined {
  const at = lastTouch(epoch, point);
  if (at === 0) return undefined;
  const touch = touchAt(at, point);
  if (touch === "remove") return undefined;
  return touch === "vector" ? at : (vectorEpoch(at - 1, point) ?? at);
}

/** The point that every group replaces which is not taken back. */
export function beaconAt(epoch: number): StressPoint | undefined {
  let at = epoch;
  while (at > 1 && fails(at)) at--;
  return at > 1 ? { id: beaconId, version: at, payloadKey: beaconKeyAt(at), vector: beaconWritten(at) } : undefined;
}

/** All points at an epoch, by their ids. */
export function pointsAt(epoch: number): Map<PointId, StressPoint> {
  const points = new Map<PointId, StressPoint>();
  for (let point = 0; point < historyPoints; point++) {
    const [payloadKey, written] = [payloadKeyAt(epoch, point), vectorEpoch(epoch, point)];
    if (payloadKey === undefined || written === undefined) continue;
    const id = idOf(point);
    points.set(id, { id, version: lastTouch(epoch, point), payloadKey, vector: vectorWritten(written, point) });
  }
  const beacon = beaconAt(epoch);
  if (beacon !== undefined) points.set(beaconId, beacon);
  return points;
}

/** One of five kinds of points, by their payloads. */
export function kindOf(payloadKey: number): number {
  return payloadKey % 5;
}

export function payloadText(payloadKey: number): string {
  return `{"kind":${kindOf(payloadKey)},"key":${payloadKey}}`;
}
