export { type TextAnalyzer, textAnalyzer, textParametersKey } from "./analyzer.js";
export { defaultTextParameters, type TextParameters, type Tokenizer, tokenizers } from "./parameters.js";
export { type RawTextParameters, readTextParameters } from "./read-parameters.js";
export { type StemmerLanguage, stemmerLanguages } from "./stemmer.js";
export { type StopwordLanguage, stopwordLanguages } from "./stopwords.js";
