export { type TextAnalyzer, textAnalyzer, textParametersKey } from "./analyzer.js";
export { type Bm25, bm25Document, bm25Query, type RawBm25Options, readBm25 } from "./bm25.js";
export { defaultTextParameters, type TextParameters, type Tokenizer, tokenizers } from "./parameters.js";
export { type RawTextParameters, readTextParameters } from "./read-parameters.js";
export { type StemmerLanguage, stemmerLanguages } from "./stemmer.js";
export { type StopwordLanguage, stopwordLanguages } from "./stopwords.js";
