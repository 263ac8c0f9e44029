import type { PresenceView, TextView } from "../payload/access.js";
import { RowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import { textParametersKey } from "../text/mod.js";
import { askedTerms } from "./asked-terms.js";
import type { MatchText } from "./condition.js";
import { type Access, keepFrom, type Planning } from "./plan.js";
import type { Predicate } from "./predicate.js";

/** What an index says: rows that satisfy the condition, and rows that have to be looked at. */
interface Answer {
  readonly certain: RowSet;
  readonly doubtful: RowSet;
}

/** All terms or any of them. A row with several texts has all terms perhaps, but not in one of them. */
function* byTerms(
  terms: readonly string[],
  how: "all" | "any",
  view: TextView,
  presence: PresenceView,
  { meter }: Planning,
): Sliced<Answer> {
  const certain = yield* view.rowsWithTerms(terms, how, meter);
  const doubtful = new RowSet();
  if (how === "all" && terms.length > 1) {
    const several = yield* presence.rowsIn("several-texts", meter);
    doubtful.or(certain);
    doubtful.and(several);
    certain.andNot(several);
  }
  return { certain, doubtful };
}

function* byPhrase(
  terms: readonly string[],
  words: readonly string[],
  view: TextView,
  presence: PresenceView,
  { meter }: Planning,
): Sliced<Answer> {
  const rows = new RowSet();
  rows.or(
    terms.length === 0 ? yield* presence.rowsIn("valued", meter) : yield* view.rowsWithTerms(terms, "all", meter),
  );
  // a word that is a term by itself
  if (words.length === 1 && terms[0] === words[0]) return { certain: rows, doubtful: new RowSet() };
  if (view.keepPhrase === undefined || words.length === 1) return { certain: new RowSet(), doubtful: rows };
  yield* view.keepPhrase(rows, words, meter);
  return { certain: rows, doubtful: new RowSet() };
}

/** Plan of a text condition by a text index; `undefined` for one that finds other terms. */
export function planText(
  condition: MatchText,
  view: TextView,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  const { analysis, how } = condition;
  if (analysis === undefined || textParametersKey(analysis) !== view.parametersKey) return undefined;
  const { terms, words } = askedTerms(condition, planning.meter);
  const asksNothing = (how === "phrase" ? words : terms).length === 0;
  const found = terms.length === 0 ? presence.countIn("valued") : view.estimate(terms, how === "any" ? "any" : "all");
  return {
    estimate: asksNothing ? 0 : found + presence.countIn("other"),
    entriesVisited: 0,
    *keep(rows) {
      if (asksNothing) {
        rows.and(new RowSet());
        return;
      }
      const { certain, doubtful } =
        how === "phrase"
          ? yield* byPhrase(terms, words, view, presence, planning)
          : yield* byTerms(terms, how, view, presence, planning);
      doubtful.or(yield* presence.rowsIn("other", planning.meter));
      yield* keepFrom(rows, certain, doubtful, predicate, planning);
    },
  };
}
