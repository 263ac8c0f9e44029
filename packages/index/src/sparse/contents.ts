import type { MultiVector, SparseVector } from "../vector/vector.js";

/** What is kept behind a slot besides its dot and flags: how the numbers of a vector stand in the arena. */
export interface SlotContents<Kept extends SparseVector | MultiVector> {
  /** Words of the arena that vectors with so many values take at the most. */
  wordsFor(count: number, values: number): number;
  /** Throws `corrupt` naming what is wrong for a vector that cannot be kept; `what` is its dot. */
  check(vector: Kept, what: string): void;
  /** Write a vector that was checked and for which there is room; where it stands. */
  write(slot: number, vector: Kept): { readonly block: number; readonly count: number };
  /** Nobody reads what stands there any more. */
  free(block: number, count: number): void;
}
