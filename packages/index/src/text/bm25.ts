import { MurmurationError } from "../errors.js";
import { type SparseVector, sparseVector } from "../vector/vector.js";
import { type TextAnalyzer, textAnalyzer } from "./analyzer.js";
import { murmur3 } from "./murmur3.js";
import { type RawTextParameters, readTextParameters } from "./read-parameters.js";
import { stemmerLanguages } from "./stemmer.js";
import { stopwordLanguages } from "./stopwords.js";

/** How a text becomes a sparse vector by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009). */
export interface Bm25 {
  readonly analyzer: TextAnalyzer;
  /** How soon repetitions of a term count no more. */
  readonly k: number;
  /** How much the length of a text counts, 0 to 1. */
  readonly b: number;
  /** Terms of a text of average length. */
  readonly averageLength: number;
}

/** Options of the dialect's built-in document as JSON, not checked yet. */
export type RawBm25Options = RawTextParameters & {
  readonly k?: unknown;
  readonly b?: unknown;
  readonly avg_len?: unknown;
  readonly language?: unknown;
};

const DEFAULT_LANGUAGE = "english";

function numberOf(
  value: unknown,
  otherwise: number,
  { min, max }: { min: number; max: number },
  field: string,
): number {
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== "number") throw new MurmurationError("format", "a number is expected", field);
  if (value >= min && value <= max) return value;
  throw new MurmurationError("validation", `value ${value} invalid, must be from ${min} to ${max}`, field);
}

/** What a language stands for: its stop words and its stemmer, as far as there are any. */
function ofLanguage(value: unknown, field: string): Pick<RawTextParameters, "stopwords" | "stemmer"> {
  const language = value === undefined || value === null ? DEFAULT_LANGUAGE : value;
  if (typeof language !== "string") throw new MurmurationError("format", "a language is expected", field);
  const name = language.toLowerCase();
  if (name === "none") return {};
  const hasStopwords = (stopwordLanguages as readonly string[]).includes(name);
  const hasStemmer = (stemmerLanguages as readonly string[]).includes(name);
  if (!hasStopwords && !hasStemmer) {
    const known = [...new Set<string>([...stopwordLanguages, ...stemmerLanguages])].sort().join(", ");
    throw new MurmurationError("format", `unknown language, expected none or one of ${known}`, field);
  }
  return {
    ...(hasStopwords ? { stopwords: name } : {}),
    ...(hasStemmer ? { stemmer: { type: "snowball", language: name } } : {}),
  };
}

/** The options of a document. Throws `format` or `validation`, naming the member below `field`. */
export function readBm25(options: RawBm25Options, field: string): Bm25 {
  const at = (name: string) => (field === "" ? name : `${field}.${name}`);
  const language = ofLanguage(options.language, at("language"));
  const { stopwords = language.stopwords, stemmer = language.stemmer } = options;
  const parameters = readTextParameters({ ...options, stopwords, stemmer }, field);
  return {
    analyzer: textAnalyzer(parameters),
    k: numberOf(options.k, 1.2, { min: 0, max: 1_000 }, at("k")),
    b: numberOf(options.b, 0.75, { min: 0, max: 1 }, at("b")),
    averageLength: numberOf(options.avg_len, 256, { min: 1, max: 1_000_000_000 }, at("avg_len")),
  };
}

/** The index of a term: its MurmurHash3 without the sign, as the dialect's model has it. Two terms may share one. */
function indexOf(term: string): number {
  return Math.abs(murmur3(term) | 0);
}

/** A text to be found: of each term (k + 1) · f / (f + k · (1 − b + b · length / average length)), f times as it stands there. */
export function bm25Document(text: string, { analyzer, k, b, averageLength }: Bm25): SparseVector {
  const terms = analyzer.documentTerms(text);
  const counts = new Map<number, number>();
  for (const term of terms) counts.set(indexOf(term), (counts.get(indexOf(term)) ?? 0) + 1);
  const length = k * (1 - b + (b * terms.length) / averageLength);
  const weights = Array.from(counts.values(), (count) => (count * (k + 1)) / (count + length));
  return sparseVector([...counts.keys()], weights, "");
}

/** A text that is asked for: 1 for each of its terms. How rare they are, the `idf` modifier of the vector sees to. */
export function bm25Query(text: string, { analyzer }: Bm25): SparseVector {
  const indices = new Set(analyzer.queryTerms(text).map(indexOf));
  return sparseVector(
    [...indices],
    Array.from(indices, () => 1),
    "",
  );
}
