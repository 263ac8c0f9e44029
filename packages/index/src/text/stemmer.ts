import { stemmer as arabic } from "@orama/stemmers/arabic";
import { stemmer as armenian } from "@orama/stemmers/armenian";
import { stemmer as danish } from "@orama/stemmers/danish";
import { stemmer as dutch } from "@orama/stemmers/dutch";
import { stemmer as finnish } from "@orama/stemmers/finnish";
import { stemmer as french } from "@orama/stemmers/french";
import { stemmer as german } from "@orama/stemmers/german";
import { stemmer as greek } from "@orama/stemmers/greek";
import { stemmer as hungarian } from "@orama/stemmers/hungarian";
import { stemmer as italian } from "@orama/stemmers/italian";
import { stemmer as norwegian } from "@orama/stemmers/norwegian";
import { stemmer as portuguese } from "@orama/stemmers/portuguese";
import { stemmer as romanian } from "@orama/stemmers/romanian";
import { stemmer as russian } from "@orama/stemmers/russian";
import { stemmer as spanish } from "@orama/stemmers/spanish";
import { stemmer as swedish } from "@orama/stemmers/swedish";
import { stemmer as tamil } from "@orama/stemmers/tamil";
import { stemmer as turkish } from "@orama/stemmers/turkish";
import { stem as english } from "porter2";
import { rememberedStemsMax, stemmedCharactersMax } from "./text-limits.js";

/** Snowball stemmers (Porter, "Snowball: a language for stemming algorithms", 2001). English is Snowball's own (Porter 2), which `@orama/stemmers` has not. */
const algorithms = {
  arabic,
  armenian,
  danish,
  dutch,
  english,
  finnish,
  french,
  german,
  greek,
  hungarian,
  italian,
  norwegian,
  portuguese,
  romanian,
  russian,
  spanish,
  swedish,
  tamil,
  turkish,
} as const satisfies { readonly [language: string]: (word: string) => string };

/** Languages with a stemmer. */
export type StemmerLanguage = keyof typeof algorithms;

/** Names of the languages with a stemmer. */
export const stemmerLanguages = Object.keys(algorithms) as StemmerLanguage[];

const stemmers = new Map<StemmerLanguage, (word: string) => string>();

/** The stemmer of a language. What it says of a word depends on the word alone; stems of late are remembered, as one takes 1 to 9 µs. */
export function stemmerOf(language: StemmerLanguage): (word: string) => string {
  const known = stemmers.get(language);
  if (known !== undefined) return known;
  const stem = algorithms[language];
  const stems = new Map<string, string>();
  const made = (word: string): string => {
    if (word.length > stemmedCharactersMax) return word;
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
