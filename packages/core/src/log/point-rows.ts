const MODULUS = 2 ** 32;

/**
 * What the rows of points of a shard add up to. A row that is lost, that came to stand in another shard, or that is what it once was, has no
 * checksum that does not match: it is missed in the sum.
 */
export interface PointRows {
  readonly count: number;
  /** Of the checksums, modulo 2^32. */
  readonly sum: number;
}

export const noPointRows: PointRows = { count: 0, sum: 0 };

/** With a row of this checksum more. */
export function withPointRow({ count, sum }: PointRows, checksum: number): PointRows {
  return { count: count + 1, sum: (sum + checksum) % MODULUS };
}

/** With a row of this checksum less. */
export function withoutPointRow({ count, sum }: PointRows, checksum: number): PointRows {
  return { count: count - 1, sum: (sum - checksum + MODULUS) % MODULUS };
}

export function arePointRows(a: PointRows, b: PointRows): boolean {
  return a.count === b.count && a.sum === b.sum;
}

export function pointRowsToText({ count, sum }: PointRows): string {
  return `${count}:${sum}`;
}

/** `undefined` for a text that is none: nothing is known. */
export function pointRowsFromText(text: string | undefined): PointRows | undefined {
  const match = /^(\d+):(\d+)$/.exec(text ?? "");
  return match === null ? undefined : { count: Number(match[1]), sum: Number(match[2]) };
}
