import { finish, Meter, type Sliced } from "../sliced.js";
import { textAnalyzer } from "../text/mod.js";
import type { Condition, Filter, MatchText } from "./condition.js";

/** What a text condition asks for by an analysis. */
export interface AskedTerms {
  /** Different terms that a text has to have, all or any. */
  readonly terms: readonly string[];
  /** Of a phrase its words in order. */
  readonly words: readonly string[];
}

/** Texts of more units of UTF-16 are taken apart in slices, where whoever needs them is. */
const LONG = 1_024;

/** What was found in slices, by the condition. */
const made = new WeakMap<MatchText, AskedTerms>();

function* find(condition: MatchText, meter: Meter): Sliced<AskedTerms> {
  const { how, text, analysis } = condition;
  if (analysis === undefined) return { terms: [], words: [] };
  const analyzer = textAnalyzer(analysis);
  const isPhrase = how === "phrase";
  const words = isPhrase ? yield* analyzer.inSlices("words", text, meter) : [];
  const terms = yield* analyzer.inSlices(isPhrase ? "phraseTerms" : "queryTerms", text, meter);
  return { terms: [...new Set(terms)], words };
}

/** What a condition asks for; nothing where it says nothing of an analysis. Takes tenths of a second for a long text that was not prepared. */
export function askedTerms(condition: MatchText, meter: Meter): AskedTerms {
  const known = made.get(condition);
  if (known !== undefined) return known;
  const found = finish(find(condition, new Meter()));
  meter.steps += condition.text.length;
  made.set(condition, found);
  return found;
}

/** Take the long texts of a filter apart, so that its plan and its predicates are made in no time. */
export function* prepareTexts({ must, should, mustNot, minShould }: Filter, meter: Meter): Sliced<void> {
  for (const conditions of [must, should, mustNot, minShould?.conditions ?? []]) {
    for (const condition of conditions) {
      if ("filter" in condition) yield* prepareTexts(condition.filter, meter);
      else yield* prepareText(condition, meter);
    }
  }
}

function* prepareText(condition: Condition, meter: Meter): Sliced<void> {
  if (condition.kind !== "match-text" || condition.text.length <= LONG || made.has(condition)) return;
  made.set(condition, yield* find(condition, meter));
}
