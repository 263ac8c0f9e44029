import { readBenchData } from "../data.js";

/** A row of the table that is carried. */
export interface CarriedRow {
  readonly id: number;
  readonly vector: ArrayLike<number>;
  readonly title: string;
  readonly page: number;
  readonly score: number;
}

/** Real word vectors and three fields: the same ones in every process. */
export function carriedRows(count: number): { readonly rows: readonly CarriedRow[]; readonly dimensions: number } {
  const { base, dimensions, baseCount } = readBenchData();
  const rows = Array.from({ length: count }, (_, id) => {
    const at = (id % baseCount) * dimensions;
    const vector = base.subarray(at, at + dimensions);
    // an eighth has few digits: Chroma changes the last bit of numbers with many when it takes them
    return { id, vector, title: `the title of row ${id}`, page: id % 500, score: id / 8 };
  });
  return { rows, dimensions };
}

/** Some rows at a time. */
export function* batchesOf(rows: readonly CarriedRow[], size: number): Generator<readonly CarriedRow[], void, void> {
  for (let first = 0; first < rows.length; first += size) yield rows.slice(first, first + size);
}
