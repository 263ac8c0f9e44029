import folder from "fold-to-ascii";
import type { Meter, Sliced } from "../sliced.js";
import type { TextParameters } from "./parameters.js";
import { stemmerOf } from "./stemmer.js";
import { stopwordsOf } from "./stopwords.js";
import { prefixCharactersMax } from "./text-limits.js";
import { type Piece, PieceReader } from "./words.js";

/**
 * Finds the terms of texts, in the order: words, lower case, folding, stop words, stems, lengths. A pure function of the parameters and the
 * text: the only thing that the engine decides is lower case, of which it is promised that it never changes for a character that has one.
 * No text makes a regular expression or is matched by one, so that the time is proportional to its length.
 */
export interface TextAnalyzer {
  /** The words of a text in order, as a phrase compares them. Single characters where a script has no spaces. */
  words(text: string): string[];
  /** What a text is found by, in order and with repetitions. With the tokenizer `prefix`: the prefixes of each word. */
  documentTerms(text: string): string[];
  /** What of `documentTerms` a query asks for. With the tokenizer `prefix`: each word, or as much of it as the longest prefix. */
  queryTerms(text: string): string[];
  /** Terms that every text has in which the words of `text` stand side by side. */
  phraseTerms(text: string): string[];
  /** What one of the others finds, in slices: a text that is as long as a request may be takes some tenths of a second. */
  inSlices(which: FoundTerms, text: string, meter: Meter): Sliced<string[]>;
}

/** What is found of a text. */
export type FoundTerms = "words" | "documentTerms" | "queryTerms" | "phraseTerms";

/** A slice of a text, and the steps that it counts for. */
const SLICE_UNITS = 1_024;
const STEPS_PER_SLICE = 1_024;

/** Characters, not units of UTF-16. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xdc00) length--;
  return length;
}

/** What a word becomes; `undefined`: it is left out. */
type Normalize = (word: string) => string | undefined;

function normalizer({ lowercase, asciiFolding, stopwords, customStopwords, stemmer }: TextParameters): Normalize {
  const isCase = (word: string): string => (lowercase ? word.toLowerCase() : word);
  const left = new Set<string>();
  for (const language of stopwords) for (const word of stopwordsOf(language)) left.add(word);
  for (const word of customStopwords) left.add(isCase(word));
  const stem = stemmer === undefined ? undefined : stemmerOf(stemmer);
  return (word) => {
    const cased = isCase(word);
    const folded = asciiFolding ? folder.foldMaintaining(cased) : cased;
    if (left.has(folded) || left.has(cased)) return undefined;
    return stem === undefined ? folded : stem(folded);
  };
}

/** The characters of a run without spaces, and each two of them that stand together. */
function pairsOf(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, i) => (characters[i] as string) + character);
}

function prefixesOf(word: string, shortest: number, longest: number): string[] {
  const characters = [...word];
  const found: string[] = [];
  for (let length = shortest; length <= Math.min(longest, characters.length); length++) {
    found.push(characters.slice(0, length).join(""));
  }
  return found;
}

/** Terms of the characters of a run without spaces, and of a normalized word, in order. */
interface Maker {
  readonly ofRun: (characters: readonly string[]) => readonly string[];
  readonly ofWord: (word: string) => readonly string[];
}

function makeAnalyzer(parameters: TextParameters): TextAnalyzer {
  const { tokenizer, minTokenLength = 0, maxTokenLength = Number.POSITIVE_INFINITY } = parameters;
  const normalize = normalizer(parameters);
  const isPrefix = tokenizer === "prefix";
  const shortest = Math.max(1, minTokenLength);
  const longest = Math.max(shortest, Math.min(maxTokenLength, prefixCharactersMax));
  const isLong = (term: string): boolean => {
    const length = lengthOf(term);
    return length >= minTokenLength && length <= maxTokenLength;
  };

  const longestOf = (word: string): readonly string[] => prefixesOf(word, shortest, longest).slice(-1);
  const whole = (word: string): readonly string[] => (isLong(word) ? [word] : []);
  const queried = isPrefix ? longestOf : whole;
  const makers: Readonly<Record<FoundTerms, Maker>> = {
    words: { ofRun: (run) => run, ofWord: isPrefix ? (word) => [word] : whole },
    documentTerms: {
      ofRun: (run) => [...run, ...pairsOf(run)].filter(isLong),
      ofWord: isPrefix ? (word) => prefixesOf(word, shortest, longest) : whole,
    },
    queryTerms: { ofRun: (run) => (run.length === 1 ? run : pairsOf(run)).filter(isLong), ofWord: queried },
    phraseTerms: { ofRun: (run) => run.filter(isLong), ofWord: queried },
  };

  const collect = (pieces: readonly Piece[], { ofRun, ofWord }: Maker, terms: string[]): void => {
    for (const piece of pieces) {
      if (piece.isUnspaced) {
        for (const part of ofRun([...piece.text])) {
          const term = normalize(part);
          if (term !== undefined) terms.push(term);
        }
        continue;
      }
      const word = normalize(piece.text);
      if (word !== undefined && word !== "") for (const term of ofWord(word)) terms.push(term);
    }
  };
  const termsOf = (which: FoundTerms, text: string): string[] => {
    const terms: string[] = [];
    collect(new PieceReader(text, tokenizer).next(text.length), makers[which], terms);
    return terms;
  };

  return {
    words: (text) => termsOf("words", text),
    documentTerms: (text) => termsOf("documentTerms", text),
    queryTerms: (text) => termsOf("queryTerms", text),
    phraseTerms: (text) => termsOf("phraseTerms", text),
    *inSlices(which, text, meter) {
      const terms: string[] = [];
      const pieces = new PieceReader(text, tokenizer);
      while (!pieces.isAtEnd) {
        collect(pieces.next(SLICE_UNITS), makers[which], terms);
        meter.steps += STEPS_PER_SLICE;
        if (meter.isDue()) yield "pause";
      }
      return terms;
    },
  };
}

const analyzers = new Map<string, TextAnalyzer>();
const ANALYZERS_MAX = 256;

/** The analyzer of these parameters; those of late are kept. */
export function textAnalyzer(parameters: TextParameters): TextAnalyzer {
  const key = textParametersKey(parameters);
  const known = analyzers.get(key);
  if (known !== undefined) return known;
  const made = makeAnalyzer(parameters);
  if (analyzers.size >= ANALYZERS_MAX) analyzers.delete(analyzers.keys().next().value as string);
  analyzers.set(key, made);
  return made;
}

/** Parameters that find the same terms have the same key. */
export function textParametersKey(parameters: TextParameters): string {
  const { tokenizer, lowercase, asciiFolding, stopwords, customStopwords, stemmer } = parameters;
  const { minTokenLength, maxTokenLength } = parameters;
  const languages = [...new Set(stopwords)].sort();
  const custom = [...new Set(customStopwords)].sort();
  return JSON.stringify([
    ...[tokenizer, lowercase, asciiFolding, languages, custom],
    ...[stemmer ?? null, minTokenLength ?? null, maxTokenLength ?? null],
  ]);
}
