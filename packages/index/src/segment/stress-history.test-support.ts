import type { PointId } from "../point/point-id.js";

// What a stress test's writer does is a function of the epoch alone, so that readers in other threads know what was live at theirs: the group of
// epoch e touches the points of one residue class, and may fail.

/** Points of the history, and how many of them a group touches. */
export const historyPoints = 1_024;
export const historyClasses = 32;

/** What a group does to a point. */
export type Touch = "vector" | "payload" | "remove";

/** Mix two words (the finalizer of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Is the group that was prepared at this epoch taken back? */
export function fails(epoch: number): boolean {
  return mix(epoch, 0xfa11) % 8 === 0;
}

/** Which class of points the group of this epoch touches. */
export function classOf(epoch: number): number {
  return mix(epoch, 0xc1a5) % historyClasses;
}

export function touchAt(epoch: number, point: number): Touch {
  const drawn = mix(epoch, point) % 4;
  return drawn === 0 ? "remove" : drawn === 1 ? "payload" : "vector";
}

/** The epoch at which a point was last touched as of this one, 0: never; epochs begin with 1. */
export function lastTouch(epoch: number, point: number): number {
  let at = epoch;
  while (at > 1 && (classOf(at) !== point % historyClasses || fails(at))) at--;
  return at > 1 ? at : 0;
}

/** Key of the payload that a point has at an epoch; `undefined`: there is no such point. */
export function payloadKeyAt(epoch: number, point: number): number | undefined {
  const at = lastTouch(epoch, point);
  return at === 0 || touchAt(at, point) === "remove" ? undefined : at * historyPoints + point;
}

/** Every other point has a UUID. */
export function idOf(point: number): PointId {
  if (point % 2 === 0) return point;
  return `${point.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
}

/** The points in the order of their ids. */
export const historyOrder: readonly number[] = [0, 1].flatMap((odd) =>
  Array.from({ length: historyPoints / 2 }, (_, i) => 2 * i + odd),
);
