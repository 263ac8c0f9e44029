import { MurmurationError } from "../errors.js";
import { compileFormula, type FormulaSubject } from "../formula/evaluate.js";
import type { Formula } from "../formula/expression.js";
import { Meter, type Sliced } from "../sliced.js";
import { subjectOf } from "./matching.js";
import type { Asked, Ranked } from "./ranked.js";
import type { ReadView } from "./read-view.js";
import { TopPoints } from "./top-points.js";

/** A formula that is computed costs about as much as a few payload values. */
const STEPS_PER_POINT = 32;

/** Prefetched points by what a formula makes of the scores that prefetches gave them, and of their payloads. */
export function* rankByFormula(
  view: ReadView,
  formula: Formula,
  lists: readonly Ranked[],
  asked: Asked,
): Sliced<Ranked> {
  const meter = new Meter();
  const formulaOf = compileFormula(formula, meter);
  const scores = lists.map(({ rows, scores: given }) => {
    const byRow = new Map<number, number>();
    for (const [i, row] of rows.entries()) if (!byRow.has(row)) byRow.set(row, given[i] as number);
    return byRow;
  });
  const top = new TopPoints(view.points, asked);
  for (const row of asked.matching ?? []) {
    const subject: FormulaSubject = Object.assign(subjectOf(view, row, meter), {
      scoreOf: (prefetch: number) => scores[prefetch]?.get(row),
    });
    const score = Math.fround(formulaOf(subject));
    if (!Number.isFinite(score)) {
      throw new MurmurationError("wrong-input", "The formula produced a non-finite number", "query.formula");
    }
    top.add(row, score);
    meter.steps += STEPS_PER_POINT;
    if (meter.isDue()) yield "pause";
  }
  return { ...top.ranked(), isSettled: undefined };
}
