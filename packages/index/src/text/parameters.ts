import type { StemmerLanguage } from "./stemmer.js";
import type { StopwordLanguage } from "./stopwords.js";

/** How a text is taken apart. */
export const tokenizers = ["prefix", "whitespace", "word", "multilingual"] as const;
export type Tokenizer = (typeof tokenizers)[number];

/** How the terms of a text are found. Plain data; equal parameters find equal terms in every replica. */
export interface TextParameters {
  readonly tokenizer: Tokenizer;
  readonly lowercase: boolean;
  /** Letters with marks and ligatures become what Lucene's ASCIIFoldingFilter makes of them. */
  readonly asciiFolding: boolean;
  /** Languages whose stop words are left out. */
  readonly stopwords: readonly StopwordLanguage[];
  /** Words that are left out besides, as the user gave them. */
  readonly customStopwords: readonly string[];
  readonly stemmer?: StemmerLanguage;
  /** Characters of a term; others are left out. Of prefixes: the shortest and the longest. */
  readonly minTokenLength?: number;
  readonly maxTokenLength?: number;
}

/** What a text index has where nothing is said. */
export const defaultTextParameters: TextParameters = {
  tokenizer: "word",
  lowercase: true,
  asciiFolding: false,
  stopwords: [],
  customStopwords: [],
};
