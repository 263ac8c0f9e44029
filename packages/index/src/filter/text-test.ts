import { type TextAnalyzer, textAnalyzer } from "../text/mod.js";
import { standsIn } from "../text/stands-in.js";
import type { MatchText } from "./condition.js";

/** Says whether one text satisfies a condition. */
export type TextTest = (text: string) => boolean;

function analyzedTest({ how, text }: MatchText, analyzer: TextAnalyzer): TextTest {
  if (how === "phrase") {
    const words = analyzer.words(text);
    return (value) => words.length > 0 && standsIn(analyzer.words(value), words);
  }
  const terms = [...new Set(analyzer.queryTerms(text))];
  if (terms.length === 0) return () => false;
  return (value) => {
    const found = new Set(analyzer.documentTerms(value));
    return how === "all" ? terms.every((term) => found.has(term)) : terms.some((term) => found.has(term));
  };
}

/** Test of one text for a condition. */
export function textTest(condition: MatchText): TextTest {
  const { how, text, analysis } = condition;
  if (analysis !== undefined) return analyzedTest(condition, textAnalyzer(analysis));
  if (how !== "any") return (value) => value.includes(text);
  const parts = text.split(/\s/).filter((part) => part !== "");
  return (value) => parts.some((part) => value.includes(part));
}
