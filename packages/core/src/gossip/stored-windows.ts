import { MurmurationError } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";

type Entries = readonly (readonly [origin: number, sequence: number])[];

/** Stitch windows as plain data, for JSON and msgpack. */
export interface StoredWindows {
  readonly lastInsert: Entries;
  readonly pairs: readonly (readonly [a: number, b: number, concurrent: number, from: number, foreignFrom: number])[];
  readonly closed: readonly (readonly [owner: number, through: number, foreign: Entries])[];
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function rows(value: unknown, columns: readonly ((value: unknown) => boolean)[]): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (row) => Array.isArray(row) && row.length === columns.length && columns.every((fits, at) => fits(row[at])),
    )
  );
}

const areEntries = (value: unknown) => rows(value, [isOrigin, isSequence]);

/** Checks data that `StitchWindows.encode` made and that went through storage. Throws `corrupt`. */
export function readStoredWindows(data: unknown): StoredWindows {
  const stored = data as Partial<StoredWindows> | null | undefined;
  const isRight =
    areEntries(stored?.lastInsert) &&
    rows(stored?.pairs, [isOrigin, isOrigin, isCount, isCount, isCount]) &&
    rows(stored?.closed, [isOrigin, isCount, areEntries]);
  if (!isRight) throw new MurmurationError("corrupt", "stored stitch windows are damaged");
  return stored as StoredWindows;
}
