import { progressBar } from "./terminal.mjs";

const ROWS_PER_BLOCK = 512;

/** Puts (similarity, row) into a descending list of at most k, equal similarities by lower row. Rows come ascending. */
function insert(best, similarity, row) {
  const { similarities, rows, k } = best;
  let at = best.count < k ? best.count++ : k - 1;
  while (at > 0 && similarities[at - 1] < similarity) {
    similarities[at] = similarities[at - 1];
    rows[at] = rows[at - 1];
    at--;
  }
  similarities[at] = similarity;
  rows[at] = row;
}

/**
 * The k nearest rows of `base` to each row of `queries` by inner product (cosine for unit vectors), by comparing with
 * every row in double precision. Returns `queries × k` rows, nearest first, ties by lower row.
 */
export async function exactNearest(base, queries, dimensions, k) {
  const baseCount = base.length / dimensions;
  const queryCount = queries.length / dimensions;
  const bests = Array.from({ length: queryCount }, () => ({
    similarities: new Float64Array(k),
    rows: new Uint32Array(k),
    count: 0,
    k,
  }));
  const bar = await progressBar("comparing with every vector", baseCount);
  for (let start = 0; start < baseCount; start += ROWS_PER_BLOCK) {
    const end = Math.min(baseCount, start + ROWS_PER_BLOCK);
    for (let query = 0; query < queryCount; query++) {
      const best = bests[query];
      const q = query * dimensions;
      for (let row = start; row < end; row++) {
        const b = row * dimensions;
        let sum0 = 0;
        let sum1 = 0;
        let d = 0;
        for (; d + 1 < dimensions; d += 2) {
          sum0 += base[b + d] * queries[q + d];
          sum1 += base[b + d + 1] * queries[q + d + 1];
        }
        if (d < dimensions) sum0 += base[b + d] * queries[q + d];
        const similarity = sum0 + sum1;
        if (best.count < k || similarity > best.similarities[k - 1]) insert(best, similarity, row);
      }
    }
    bar.update(end);
  }
  bar.stop();
  const nearest = new Uint32Array(queryCount * k);
  bests.forEach((best, query) => {
    nearest.set(best.rows, query * k);
  });
  return nearest;
}
