import type { Meter } from "../sliced.js";
import { type TextAnalyzer, textAnalyzer } from "../text/mod.js";
import { standsIn } from "../text/stands-in.js";
import { type AskedTerms, askedTerms } from "./asked-terms.js";
import type { MatchText } from "./condition.js";

/** Says whether one text satisfies a condition. */
export type TextTest = (text: string) => boolean;

function analyzedTest({ how }: MatchText, analyzer: TextAnalyzer, { terms, words }: AskedTerms): TextTest {
  if (how === "phrase") return (value) => words.length > 0 && standsIn(analyzer.words(value), words);
  if (terms.length === 0) return () => false;
  return (value) => {
    const found = new Set(analyzer.documentTerms(value));
    return how === "all" ? terms.every((term) => found.has(term)) : terms.some((term) => found.has(term));
  };
}

/** Test of one text for a condition; steps of making it are counted by `meter`. */
export function textTest(condition: MatchText, meter: Meter): TextTest {
  const { how, text, analysis } = condition;
  if (analysis !== undefined) return analyzedTest(condition, textAnalyzer(analysis), askedTerms(condition, meter));
  if (how !== "any") return (value) => value.includes(text);
  const parts = text.split(/\s/).filter((part) => part !== "");
  return (value) => parts.some((part) => value.includes(part));
}
