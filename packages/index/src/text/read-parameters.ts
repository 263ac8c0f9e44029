import { MurmurationError } from "../errors.js";
import { requireWellFormed } from "../text.js";
import { defaultTextParameters, type TextParameters, type Tokenizer, tokenizers } from "./parameters.js";
import { type StemmerLanguage, stemmerLanguages } from "./stemmer.js";
import { type StopwordLanguage, stopwordLanguages } from "./stopwords.js";
import { customStopwordsMax, wordCharactersMax } from "./text-limits.js";

/** Text parameters of the dialect as JSON, not checked yet. */
export interface RawTextParameters {
  readonly tokenizer?: unknown;
  readonly lowercase?: unknown;
  readonly ascii_folding?: unknown;
  readonly stopwords?: unknown;
  readonly stemmer?: unknown;
  readonly min_token_len?: unknown;
  readonly max_token_len?: unknown;
}

function fail(field: string, message: string): never {
  throw new MurmurationError("format", message, field);
}

function shown(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "nothing");
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}

/** The one of `known` that a text names; languages may be written in any case. */
function oneOf<Name extends string>(value: unknown, known: readonly Name[], field: string): Name {
  const found = typeof value === "string" ? known.find((name) => name === value.toLowerCase()) : undefined;
  return found ?? fail(field, `unknown variant ${shown(value)}, expected one of ${known.join(", ")}`);
}

function readFlag(value: unknown, otherwise: boolean, field: string): boolean {
  if (value === undefined || value === null) return otherwise;
  return typeof value === "boolean" ? value : fail(field, `a boolean is expected, got ${shown(value)}`);
}

function readLength(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) fail(field, "an unsigned integer is expected");
  return value as number;
}

function readCustom(value: unknown, field: string): string[] {
  if (!Array.isArray(value)) return fail(field, "an array of strings is expected");
  if (value.length > customStopwordsMax) {
    fail(field, `${value.length} words, the limit (custom stop words) is ${customStopwordsMax}`);
  }
  return value.map((word: unknown, i) => {
    if (typeof word !== "string") return fail(`${field}[${i}]`, "a string is expected");
    if (word.length > wordCharactersMax) {
      fail(`${field}[${i}]`, `${word.length} characters, the limit (a stop word) is ${wordCharactersMax}`);
    }
    return requireWellFormed(word, `${field}[${i}]`);
  });
}

function readStopwords(value: unknown, field: string): Pick<TextParameters, "stopwords" | "customStopwords"> {
  if (value === undefined || value === null) return { stopwords: [], customStopwords: [] };
  if (typeof value === "string") return { stopwords: [oneOf(value, stopwordLanguages, field)], customStopwords: [] };
  if (typeof value !== "object" || Array.isArray(value)) fail(field, "a language or an object is expected");
  const { languages, custom, ...rest } = value as { readonly [name: string]: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) fail(`${field}.${unknown}`, "unknown field, expected languages, custom");
  const named = languages ?? [];
  if (!Array.isArray(named)) fail(`${field}.languages`, "an array of languages is expected");
  return {
    stopwords: (named as readonly unknown[]).map(
      (one, i): StopwordLanguage => oneOf(one, stopwordLanguages, `${field}.languages[${i}]`),
    ),
    customStopwords: readCustom(custom ?? [], `${field}.custom`),
  };
}

function readStemmer(value: unknown, field: string): StemmerLanguage | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) fail(field, "an object is expected");
  const { type, language } = value as { readonly type?: unknown; readonly language?: unknown };
  if (oneOf(type, ["snowball", "none"], `${field}.type`) === "none") return undefined;
  return oneOf(language, stemmerLanguages, `${field}.language`);
}

/**
 * The text parameters that JSON of the dialect stands for; other members are passed over. Throws `format`, naming the member below `field` (`""`: the
 * member alone).
 */
export function readTextParameters(json: RawTextParameters, field: string): TextParameters {
  const at = (name: string): string => (field === "" ? name : `${field}.${name}`);
  const tokenizer: Tokenizer =
    json.tokenizer === undefined || json.tokenizer === null
      ? defaultTextParameters.tokenizer
      : oneOf(json.tokenizer, tokenizers, at("tokenizer"));
  const stemmer = readStemmer(json.stemmer, at("stemmer"));
  const minTokenLength = readLength(json.min_token_len, at("min_token_len"));
  const maxTokenLength = readLength(json.max_token_len, at("max_token_len"));
  return {
    tokenizer,
    lowercase: readFlag(json.lowercase, defaultTextParameters.lowercase, at("lowercase")),
    asciiFolding: readFlag(json.ascii_folding, defaultTextParameters.asciiFolding, at("ascii_folding")),
    ...readStopwords(json.stopwords, at("stopwords")),
    ...(stemmer === undefined ? {} : { stemmer }),
    ...(minTokenLength === undefined ? {} : { minTokenLength }),
    ...(maxTokenLength === undefined ? {} : { maxTokenLength }),
  };
}
