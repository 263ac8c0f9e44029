import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { finish, Meter } from "../sliced.js";
import { textAnalyzer } from "./analyzer.js";
import { defaultTextParameters, type TextParameters, tokenizers } from "./parameters.js";
import { readTextParameters } from "./read-parameters.js";
import { type StemmerLanguage, stemmerLanguages } from "./stemmer.js";
import { stopwordLanguages, stopwordsOf } from "./stopwords.js";
import { prefixCharactersMax, stemmedCharactersMax, textWordsMax, wordCharactersMax } from "./text-limits.js";

function analyzer(parameters: Partial<TextParameters>) {
  return textAnalyzer({ ...defaultTextParameters, ...parameters });
}

test("words are runs of letters and numbers, in lower case unless it is not wanted", () => {
  const text = "Don't STOP: naïve café-2000, Ωmega (x²)";
  assert.deepEqual(analyzer({}).words(text), ["don", "t", "stop", "naïve", "café", "2000", "ωmega", "x²"]);
  assert.deepEqual(analyzer({ lowercase: false }).words("Don't STOP"), ["Don", "t", "STOP"]);
  assert.deepEqual(analyzer({ tokenizer: "whitespace" }).words(" a-b\u3000C.d\n"), ["a-b", "c.d"]);
});

test("folding makes ASCII of what has an equal there", () => {
  const folding = analyzer({ asciiFolding: true });
  assert.deepEqual(folding.words("Café Straße Ærø ﬁn 東京"), ["cafe", "strasse", "aero", "fin", "東京"]);
});

test("stems are Snowball's, after stop words", () => {
  const english = analyzer({ stemmer: "english", stopwords: ["english"], customStopwords: ["Running"] });
  assert.deepEqual(english.words("The generously skied skies of Running runners, aren't they a few"), [
    ...["generous", "ski", "sky", "runner"],
  ]);
  assert.deepEqual(analyzer({ stemmer: "german" }).words("aufeinanderfolgende Häuser"), ["aufeinanderfolg", "haus"]);
});

test("every stemmer takes endings off", () => {
  const stems: Readonly<Record<StemmerLanguage, readonly [word: string, stem: string]>> = {
    arabic: ["الكتاب", "كتاب"],
    armenian: ["մարդկանց", "մարդկ"],
    danish: ["bøgerne", "bøg"],
    dutch: ["boeken", "boek"],
    english: ["relational", "relat"],
    finnish: ["kirjoissa", "kirj"],
    french: ["continuellement", "continuel"],
    german: ["aufeinanderfolgende", "aufeinanderfolg"],
    greek: ["ανθρώπων", "ανθρωπ"],
    hungarian: ["könyvekben", "könyv"],
    italian: ["abbandonata", "abbandon"],
    norwegian: ["bøkene", "bøk"],
    portuguese: ["quilométricas", "quilométr"],
    romanian: ["cărților", "cărț"],
    russian: ["книгами", "книг"],
    spanish: ["cheque", "chequ"],
    swedish: ["böckerna", "böck"],
    tamil: ["புத்தகங்கள்", "புத்தகம்"],
    turkish: ["kitaplarda", "kitap"],
  };
  const found = stemmerLanguages.map((stemmer) => [
    stemmer,
    analyzer({ stemmer, tokenizer: "whitespace" }).words(stems[stemmer][0]),
  ]);
  assert.deepEqual(
    found,
    stemmerLanguages.map((stemmer) => [stemmer, [stems[stemmer][1]]]),
  );
});

test("no stem is looked for in what is longer than words are", () => {
  const long = `${"x".repeat(stemmedCharactersMax)}ing`;
  assert.deepEqual(analyzer({ stemmer: "english" }).words(`${long} seeming`), [long, "seem"]);
});

test("terms of other lengths are left out", () => {
  const parameters = { minTokenLength: 2, maxTokenLength: 3 };
  assert.deepEqual(analyzer(parameters).documentTerms("a bc def ghij \u{1f426}"), ["bc", "def"]);
});

test("a text is found by the prefixes of its words, and asked for by the longest", () => {
  const prefix = analyzer({ tokenizer: "prefix", minTokenLength: 2, maxTokenLength: 4 });
  assert.deepEqual(prefix.documentTerms("Hello a"), ["he", "hel", "hell"]);
  assert.deepEqual(prefix.queryTerms("hel Hello a"), ["hel", "hell"]);
  assert.deepEqual(prefix.words("Hello a"), ["hello", "a"]);
  const long = "x".repeat(50);
  assert.deepEqual(analyzer({ tokenizer: "prefix" }).queryTerms(long), ["x".repeat(prefixCharactersMax)]);
});

test("scripts without spaces are found by characters and pairs of them", () => {
  const multilingual = analyzer({ tokenizer: "multilingual" });
  assert.deepEqual(multilingual.documentTerms("Tokyo東京都 ไทย"), [
    ...["tokyo", "東", "京", "都", "東京", "京都"],
    ...["ไ", "ท", "ย", "ไท", "ทย"],
  ]);
  assert.deepEqual(multilingual.queryTerms("京都 京"), ["京都", "京"]);
  assert.deepEqual(multilingual.words("a東京"), ["a", "東", "京"]);
});

test("of a text so many words of so many characters are looked at", () => {
  assert.equal(analyzer({}).words("a ".repeat(textWordsMax + 5)).length, textWordsMax);
  assert.deepEqual(analyzer({}).words(`${"x".repeat(wordCharactersMax + 5)} y`), ["x".repeat(wordCharactersMax), "y"]);
  const run = "京".repeat(wordCharactersMax + 5);
  assert.equal(analyzer({ tokenizer: "multilingual" }).words(run).length, wordCharactersMax + 5);
});

test("a text is taken apart in slices as it is at once", () => {
  const written = fc
    .string({ unit: fc.constantFrom(..."ab -京都\u{1f426}") })
    .chain((unit) =>
      fc.integer({ min: 1, max: 1 + Math.floor(4_000 / Math.max(1, unit.length)) }).map((times) => unit.repeat(times)),
    );
  const which = fc.constantFrom("words", "documentTerms", "queryTerms", "phraseTerms");
  fc.assert(
    fc.property(fc.constantFrom(...tokenizers), which, written, (tokenizer, kind, text) => {
      const found = analyzer({ tokenizer, stemmer: "english" });
      assert.deepEqual(finish(found.inSlices(kind, text, new Meter())), found[kind](text));
    }),
    { numRuns: 60 },
  );
});

test("a long text pauses after each few thousand characters", () => {
  for (const [tokenizer, text] of [
    ["word", "some words ".repeat(100_000)],
    ["word", "x".repeat(1_000_000)],
    ["whitespace", " ".repeat(1_000_000)],
  ] as const) {
    const work = analyzer({ tokenizer }).inSlices("words", text, new Meter());
    let pauses = 0;
    while (work.next().done !== true) pauses++;
    // of the first, half are looked at
    assert.ok(pauses > 80, `${pauses} pauses`);
  }
});

test("what a query asks for of a text is what the text is found by", () => {
  const parameters: fc.Arbitrary<TextParameters> = fc.record({
    tokenizer: fc.constantFrom(...tokenizers),
    lowercase: fc.boolean(),
    asciiFolding: fc.boolean(),
    stopwords: fc.subarray(stopwordLanguages, { maxLength: 2 }),
    customStopwords: fc.array(fc.string({ unit: "grapheme", maxLength: 3 }), { maxLength: 2 }),
    stemmer: fc.constantFrom("english" as const, "russian" as const, "turkish" as const),
    minTokenLength: fc.nat(3),
    maxTokenLength: fc.integer({ min: 1, max: 6 }),
  });
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..."aBé ß-東京ไท\u0301İ\u{1f426}") }),
  );
  fc.assert(
    fc.property(parameters, text, (given, written) => {
      const { documentTerms, queryTerms, words } = textAnalyzer(given);
      const terms = new Set(documentTerms(written));
      for (const term of queryTerms(written)) assert.ok(terms.has(term), `${term} of ${JSON.stringify(written)}`);
      for (const term of [...terms, ...words(written)]) assert.notEqual(term, "");
    }),
    { numRuns: 80 },
  );
});

test("every language has a list", () => {
  for (const language of stopwordLanguages) assert.ok(stopwordsOf(language).length > 10, language);
});

test("parameters of the dialect are read, and what is wrong is named", () => {
  assert.deepEqual(readTextParameters({}, ""), defaultTextParameters);
  const given = {
    tokenizer: "prefix",
    lowercase: false,
    ascii_folding: true,
    stopwords: { languages: ["English"], custom: ["x"] },
    stemmer: { type: "snowball", language: "german" },
    min_token_len: 1,
    max_token_len: 5,
  };
  assert.deepEqual(readTextParameters(given, "field_schema"), {
    tokenizer: "prefix",
    lowercase: false,
    asciiFolding: true,
    stopwords: ["english"],
    customStopwords: ["x"],
    stemmer: "german",
    minTokenLength: 1,
    maxTokenLength: 5,
  });
  assert.deepEqual(readTextParameters({ stemmer: { type: "none" } }, ""), defaultTextParameters);
  for (const [json, field] of [
    [{ tokenizer: "words" }, "f.tokenizer"],
    [{ lowercase: 1 }, "f.lowercase"],
    [{ stopwords: "klingon" }, "f.stopwords"],
    [{ stopwords: { languages: ["english", 1] } }, "f.stopwords.languages[1]"],
    [{ stopwords: { custom: ["a", "\ud800"] } }, "f.stopwords.custom[1]"],
    [{ stopwords: { other: 1 } }, "f.stopwords.other"],
    [{ stemmer: { type: "snowball" } }, "f.stemmer.language"],
    [{ stemmer: "english" }, "f.stemmer"],
    [{ min_token_len: -1 }, "f.min_token_len"],
    [{ max_token_len: 1.5 }, "f.max_token_len"],
  ] as const) {
    assert.throws(() => readTextParameters(json, "f"), { code: "format", field });
  }
});
