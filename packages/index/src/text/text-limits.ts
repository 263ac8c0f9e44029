/** Words of one text that are looked at, or characters where a script has no spaces; what comes after them is not found. */
export const textWordsMax = 65_536;

/** Characters of a word that are looked at. */
export const wordCharactersMax = 256;

/** Units of UTF-16 of the longest word that is stemmed: some stemmers take time by the square of it. */
export const stemmedCharactersMax = 64;

/** Characters of the longest prefix that a text is found by under the tokenizer `prefix`. */
export const prefixCharactersMax = 32;

/** Stop words that a user gives. */
export const customStopwordsMax = 4_096;

/** Words whose stems are remembered, for each language. */
export const rememberedStemsMax = 16_384;
