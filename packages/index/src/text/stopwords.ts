import { stopwords as arabic } from "@orama/stopwords/arabic";
import { stopwords as danish } from "@orama/stopwords/danish";
import { stopwords as dutch } from "@orama/stopwords/dutch";
import { stopwords as english } from "@orama/stopwords/english";
import { stopwords as finnish } from "@orama/stopwords/finnish";
import { stopwords as french } from "@orama/stopwords/french";
import { stopwords as german } from "@orama/stopwords/german";
import { stopwords as greek } from "@orama/stopwords/greek";
import { stopwords as hungarian } from "@orama/stopwords/hungarian";
import { stopwords as indonesian } from "@orama/stopwords/indonesian";
import { stopwords as italian } from "@orama/stopwords/italian";
import { stopwords as japanese } from "@orama/stopwords/japanese";
import { stopwords as chinese } from "@orama/stopwords/mandarin";
import { stopwords as nepali } from "@orama/stopwords/nepali";
import { stopwords as norwegian } from "@orama/stopwords/norwegian";
import { stopwords as portuguese } from "@orama/stopwords/portuguese";
import { stopwords as romanian } from "@orama/stopwords/romanian";
import { stopwords as russian } from "@orama/stopwords/russian";
import { stopwords as spanish } from "@orama/stopwords/spanish";
import { stopwords as swedish } from "@orama/stopwords/swedish";
import { stopwords as turkish } from "@orama/stopwords/turkish";
import * as more from "stopword";

/** What the list has not: the article, and what is left of contractions where words end at an apostrophe. */
const englishPieces =
  "a s t d ll m o re ve y don now just ain aren couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan shouldn wasn weren won wouldn";

const lists = {
  arabic,
  basque: more.eus,
  bengali: more.ben,
  catalan: more.cat,
  chinese,
  danish,
  dutch,
  english: [...english, ...englishPieces.split(" ")],
  finnish,
  french,
  german,
  greek,
  hebrew: more.heb,
  hungarian,
  indonesian,
  italian,
  japanese,
  nepali,
  norwegian,
  portuguese,
  romanian,
  russian,
  slovene: more.slv,
  spanish,
  swedish,
  turkish,
} as const satisfies { readonly [language: string]: readonly string[] };

/** Languages with a list of stop words. */
export type StopwordLanguage = keyof typeof lists;

/** Names of the languages with a list of stop words. */
export const stopwordLanguages = Object.keys(lists) as StopwordLanguage[];

/** The stop words of a language, in lower case. */
export function stopwordsOf(language: StopwordLanguage): readonly string[] {
  return lists[language];
}
