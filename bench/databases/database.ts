/** A condition of a filter: a keyword, or a bound on a number. */
export type Condition =
  | { readonly field: string; readonly value: string }
  | { readonly field: string; readonly below: number };

/** A point as the databases take it. */
export interface Entry {
  readonly id: number;
  readonly vector: Float32Array;
  /** Keywords by field, and the number `n`. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A vector database that filtered searches are compared with, open over loaded data. */
export interface OpenDatabase {
  /** Ids of the 10 nearest of those that all conditions hold for. */
  search(vector: Float32Array, conditions: readonly Condition[], ef: number): Promise<readonly number[]>;
  close(): Promise<void> | void;
}

/** A vector database that `filter` measures beside ours. */
export interface Database {
  readonly id: string;
  readonly name: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Loads points, with an index over the vectors and one over each field, into an empty folder. */
  load(folder: string, dimensions: number, entries: Iterable<Entry>): Promise<void>;
  open(folder: string): Promise<OpenDatabase>;
}

/** Conditions in the SQL-like text that both peers take. */
export function conditionText(conditions: readonly Condition[]): string {
  return conditions
    .map((condition) =>
      "value" in condition ? `${condition.field} = '${condition.value}'` : `${condition.field} < ${condition.below}`,
    )
    .join(" AND ");
}

/** Pieces of so many entries. */
export function* inPieces<T>(entries: Iterable<T>, size: number): Generator<T[]> {
  let piece: T[] = [];
  for (const entry of entries) {
    piece.push(entry);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
