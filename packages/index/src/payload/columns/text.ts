import { isPlanted } from "../../planted.js";
import { RowSet } from "../../row-set.js";
import { KEYWORD_CELLS, NULLS, OTHER, SEVERAL, SEVERAL_TEXTS, VALUED } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import { type TextAnalyzer, textAnalyzer, textParametersKey } from "../../text/mod.js";
import { standsIn } from "../../text/stands-in.js";
import type { TextView } from "../access.js";
import type { Json } from "../json.js";
import { keepsPhrases, type PayloadIndexSchema, textParametersOf } from "../schema.js";
import { cellOf } from "./cell.js";
import type { ColumnKind, ColumnPlace, RowSketch } from "./column-kind.js";
import { findKey, heldKeys, rowsOfValues } from "./keyed-column.js";
import { rowsOfValue } from "./posted-rows.js";
import { presenceView } from "./presence-view.js";

const encoder = new TextEncoder();
/** The words of a row are looked at in some hundred nanoseconds. */
const STEPS_PER_PHRASE = 4;
const STEPS_PER_TERM = 8;

/** The terms of a row's texts, and where it keeps phrases, their words in order. */
function sketchTexts(values: readonly Json[], analyzer: TextAnalyzer, withWords: boolean): RowSketch {
  let [flags, texts] = [0, 0];
  const places = new Map<string, number>();
  const sequence: (number | undefined)[] = [];
  const placeOf = (term: string): number => {
    const known = places.get(term);
    if (known !== undefined) return known;
    places.set(term, places.size);
    return places.size - 1;
  };
  for (const value of values) {
    if (value === null) flags |= 1 << NULLS;
    if (typeof value !== "string") {
      if (value !== null) flags |= 1 << OTHER;
      continue;
    }
    const terms = analyzer.documentTerms(value);
    const words = withWords ? analyzer.words(value) : [];
    texts += 1;
    // a text of which nothing is found is a value all the same
    if (terms.length === 0 && words.length === 0) flags |= 1 << OTHER;
    if (isPlanted("term-left-out") && terms.length > 1) for (const found of [terms, words]) found.pop();
    for (const term of terms) placeOf(term);
    if (withWords && sequence.length > 0) sequence.push(undefined);
    for (const word of words) sequence.push(placeOf(word));
  }
  if (texts > 1) flags |= 1 << SEVERAL_TEXTS;
  if (places.size > 0) flags |= 1 << VALUED;
  const keepsWords = withWords && sequence.length > 1;
  if (places.size > 1 || keepsWords) flags |= 1 << SEVERAL;
  const held = heldKeys(Array.from(places.keys(), (term) => encoder.encode(term)));
  return { flags, held: keepsWords ? { ...held, sequence } : held };
}

function valuesOf(place: ColumnPlace, terms: readonly string[]): number[] {
  return terms.map((term) => findKey(place, encoder.encode(term)));
}

function* rowsWithTerms(
  place: ColumnPlace,
  terms: readonly string[],
  how: "all" | "any",
  meter: Meter,
): Sliced<RowSet> {
  const values = valuesOf(place, terms);
  meter.steps += values.length * STEPS_PER_TERM;
  if (how === "any") return yield* rowsOfValues(place, values, meter);
  let rows: RowSet | undefined;
  const rarestFirst = values.includes(0) ? [] : values.sort((a, b) => rowsOfValue(place, a) - rowsOfValue(place, b));
  for (const value of rarestFirst) {
    const some = yield* rowsOfValues(place, [value], meter);
    if (rows === undefined) rows = some;
    else rows.and(some);
    if (rows.size === 0) break;
  }
  return rows ?? new RowSet();
}

/** Words of a row as addresses, 0 between two texts. A row with a single word keeps none. */
function wordsOf({ engine, column }: ColumnPlace, row: number): Uint32Array {
  const { u32 } = engine;
  const { at, isSeveral } = cellOf(engine, column, row, 1);
  if (!isSeveral) return u32.subarray(0, 0);
  const values = (u32[at] as number) >>> 2;
  const first = values + 2 + (u32[values] as number);
  return u32.subarray(first, first + (u32[values + 1] as number));
}

function* keepPhrase(place: ColumnPlace, rows: RowSet, words: readonly string[], meter: Meter): Sliced<void> {
  const values = valuesOf(place, words);
  const isNowhere = values.includes(0);
  for (const row of rows) {
    meter.steps += STEPS_PER_PHRASE;
    if (isNowhere || !standsIn(wordsOf(place, row), values)) rows.delete(row);
    if (meter.isDue()) yield "pause";
  }
}

function textView(place: ColumnPlace, parametersKey: string, withWords: boolean): TextView {
  return {
    parametersKey,
    rowsWithTerms: (terms, how, meter) => rowsWithTerms(place, terms, how, meter),
    estimate(terms, how) {
      const counts = valuesOf(place, terms).map((value) => (value === 0 ? 0 : rowsOfValue(place, value)));
      return how === "all" ? Math.min(...counts) : counts.reduce((sum, count) => sum + count, 0);
    },
    ...(withWords
      ? { keepPhrase: (rows: RowSet, words: readonly string[], meter: Meter) => keepPhrase(place, rows, words, meter) }
      : {}),
  };
}

/** The terms of texts, as values that have postings; with `phrase_matching`, each row has the words of its texts in order as well. */
export function textColumn(schema: PayloadIndexSchema): ColumnKind {
  const parameters = textParametersOf(schema);
  const analyzer = textAnalyzer(parameters);
  const withWords = keepsPhrases(schema);
  const parametersKey = textParametersKey(parameters);
  return {
    cellsFor: () => KEYWORD_CELLS,
    cellWords: 1,
    keyOf: () => undefined,
    held: () => heldKeys([]),
    sketch: (values) => sketchTexts(values, analyzer, withWords),
    access: (place) => ({ presence: presenceView(place), text: textView(place, parametersKey, withWords) }),
  };
}
