import { newStemmer } from "snowball-stemmers";
import { rememberedStemsMax } from "./text-limits.js";

/** Languages with a Snowball stemmer (Porter, "Snowball: a language for stemming algorithms", 2001). */
export const stemmerLanguages = [
  "arabic",
  "armenian",
  "danish",
  "dutch",
  "english",
  "finnish",
  "french",
  "german",
  "hungarian",
  "italian",
  "norwegian",
  "portuguese",
  "romanian",
  "russian",
  "spanish",
  "swedish",
  "tamil",
  "turkish",
] as const;
export type StemmerLanguage = (typeof stemmerLanguages)[number];

const stemmers = new Map<StemmerLanguage, (word: string) => string>();

/** The stemmer of a language. What it says of a word depends on the word alone; stems of late are remembered, as one takes 10 µs. */
export function stemmerOf(language: StemmerLanguage): (word: string) => string {
  const known = stemmers.get(language);
  if (known !== undefined) return known;
  const { stem } = newStemmer(language);
  const stems = new Map<string, string>();
  const made = (word: string): string => {
    const remembered = stems.get(word);
    if (remembered !== undefined) return remembered;
    const found = stem(word);
    if (stems.size >= rememberedStemsMax) stems.clear();
    stems.set(word, found);
    return found;
  };
  stemmers.set(language, made);
  return made;
}
