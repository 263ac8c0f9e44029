import { type TextAnalyzer, textAnalyzer } from "../text/mod.js";
import type { MatchText } from "./condition.js";

/** Says whether one text satisfies a condition. */
export type TextTest = (text: string) => boolean;

/** Do all of `words` stand side by side in `sequence`? */
export function standsIn<Word>(sequence: readonly Word[], words: readonly Word[]): boolean {
  for (let from = 0; from + words.length <= sequence.length; from++) {
    let i = 0;
    while (i < words.length && sequence[from + i] === words[i]) i++;
    if (i === words.length) return true;
  }
  return false;
}

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
