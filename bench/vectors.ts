import { readBenchData } from "./data.js";
import { fractionOf, integerBelow } from "./random.js";

const PARTNER = 1;
const WEIGHT = 2;
const MATRIX = 3;
/** Of the entries that are sent as JSON: their text is as long as that of a float that an embedding model prints. */
const DECIMALS = 1e6;

/** As many vectors as anybody wants, of length 1, each known by its row; queries come from words that no row is made of. */
export interface VectorSource {
  readonly dimensions: number;
  /** How they are made. */
  readonly made: string;
  vector(row: number): Float32Array;
  readonly queryCount: number;
  query(at: number): Float32Array;
}

/** To length 1, and to what its JSON text reads back to. */
function finished(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const scale = 1 / Math.sqrt(sum);
  return vector.map((value) => Math.round(value * scale * DECIMALS) / DECIMALS);
}

/** Rows of `outputs` numbers by `inputs`, normally distributed with a variance of 1. */
function gaussianMatrix(outputs: number, inputs: number): Float32Array {
  return Float32Array.from({ length: outputs * inputs }, (_, at) => {
    const radius = Math.sqrt(-2 * Math.log(1 - fractionOf(2 * at, MATRIX)));
    return radius * Math.cos(2 * Math.PI * fractionOf(2 * at + 1, MATRIX));
  });
}

/**
 * Realistic vectors from real ones. Of 100 dimensions: the 100,000 word embeddings of the benchmark data as they are, and from there on
 * phrases, which are a word and .3 to .7 of another. Of other dimensions: phrases put through one layer of a random network
 * (`tanh(A · phrase)`, A Gaussian), which keeps the neighbourhoods of the words and fills all dimensions unevenly, as embedding models do.
 */
export function vectorsOf(dimensions: number): VectorSource {
  const data = readBenchData();
  const inputs = data.dimensions;
  const word = (row: number): Float32Array => data.base.subarray(row * inputs, (row + 1) * inputs);
  const phrase = (first: Float32Array, row: number): Float32Array => {
    const second = word(integerBelow(data.baseCount, row, PARTNER));
    const weight = 0.3 + 0.4 * fractionOf(row, WEIGHT);
    return first.map((value, i) => value + weight * (second[i] ?? 0));
  };
  const queryWord = (at: number): Float32Array => data.queries[at % data.queries.length] ?? new Float32Array(inputs);
  // other partners than those of the rows
  const queryPhrase = (at: number): Float32Array => phrase(queryWord(at), -2 - at);
  const queryCount = data.queries.length;

  if (dimensions === inputs) {
    return {
      dimensions,
      made: `${data.source}: ${data.baseCount} words, then phrases of two words`,
      vector: (row) => finished(row < data.baseCount ? word(row) : phrase(word(row % data.baseCount), row)),
      queryCount,
      query: (at) => finished(at % 2 === 0 ? queryWord(at) : queryPhrase(at)),
    };
  }
  const matrix = gaussianMatrix(dimensions, inputs);
  const lift = (input: Float32Array): Float32Array => {
    const output = new Float32Array(dimensions);
    for (let row = 0; row < dimensions; row++) {
      let sum = 0;
      for (let i = 0, at = row * inputs; i < inputs; i++, at++) sum += (matrix[at] as number) * (input[i] as number);
      output[row] = Math.tanh(sum);
    }
    return finished(output);
  };
  return {
    dimensions,
    made: `tanh(Gaussian matrix · phrase of two words), words of ${data.source}`,
    vector: (row) => lift(phrase(word(row % data.baseCount), row)),
    queryCount,
    query: (at) => lift(queryPhrase(at)),
  };
}
