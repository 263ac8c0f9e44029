const GOLDEN = 0x9e3779b1;

/** A number from 0 to 1 that only depends on the row and on what it is for (`purpose`): the same in every run. */
export function fractionOf(row: number, purpose: number): number {
  let hash = Math.imul(row + 1, GOLDEN) ^ Math.imul(purpose + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A whole number below `end`, in the same way. */
export function integerBelow(end: number, row: number, purpose: number): number {
  return Math.floor(fractionOf(row, purpose) * end);
}
