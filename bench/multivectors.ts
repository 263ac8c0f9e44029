import { type MultiVector, multiVector } from "@murmuration/index";
import { readBenchData, readBenchWords } from "./data.js";
import { readGlosses } from "./glosses.js";
import { fractionOf } from "./random.js";

/** Of the vectors of words, and of parts: what a model of late interaction has (Khattab and Zaharia, "ColBERT", 2020). */
export const PARTS = 32;
export const PART_DIMENSIONS = 128;
/** A purpose of random numbers that no other benchmark has. */
const TURN = 79;
/** Words on each side that have a share in a part, and how large it is. */
const WINDOW = 3;
const SHARE = 0.6;

/** Orthogonal rows that take word vectors to the dimensions of parts: products stay what they are. */
function turning(from: number): Float64Array[] {
  const rows: Float64Array[] = [];
  for (let row = 0; row < from; row++) {
    const one = Float64Array.from(
      { length: PART_DIMENSIONS },
      (_, i) => fractionOf(row * PART_DIMENSIONS + i, TURN) - 0.5,
    );
    for (const other of rows) {
      const along = one.reduce((sum, x, i) => sum + x * (other[i] as number), 0);
      for (let i = 0; i < one.length; i++) one[i] = (one[i] as number) - along * (other[i] as number);
    }
    const length = Math.hypot(...one);
    rows.push(one.map((x) => x / length));
  }
  return rows;
}

/**
 * Documents of `PARTS` parts: the first words of entries of a dictionary and of those above them, each word with a share of those around it, so that
 * one word is not the same everywhere. At most `count`.
 */
export function readMultivectors(count: number): MultiVector[] {
  const { base, dimensions } = readBenchData();
  const ranks = new Map(readBenchWords().map((word, rank) => [word, rank]));
  const turned = turning(dimensions);
  const documents: MultiVector[] = [];
  for (const text of readGlosses().texts) {
    if (documents.length === count) break;
    const known = (text.toLowerCase().match(/[a-z]+/g) ?? []).flatMap((word) => ranks.get(word) ?? []);
    if (known.length < PARTS) continue;
    const words = known.slice(0, PARTS);
    const parts = words.map((_, at) => {
      const sum = new Float64Array(dimensions);
      const around = Math.min(PARTS - 1, at + WINDOW) - Math.max(0, at - WINDOW);
      for (let i = Math.max(0, at - WINDOW); i <= Math.min(PARTS - 1, at + WINDOW); i++) {
        const share = i === at ? 1 : SHARE / Math.sqrt(around);
        const row = (words[i] as number) * dimensions;
        for (let d = 0; d < dimensions; d++) sum[d] = (sum[d] as number) + share * (base[row + d] as number);
      }
      const part = new Float64Array(PART_DIMENSIONS);
      for (let d = 0; d < dimensions; d++) {
        const row = turned[d] as Float64Array;
        for (let i = 0; i < part.length; i++) part[i] = (part[i] as number) + (sum[d] as number) * (row[i] as number);
      }
      const length = Math.hypot(...part);
      return Float32Array.from(part, (x) => x / length);
    });
    documents.push(multiVector(parts, "document"));
  }
  return documents;
}
