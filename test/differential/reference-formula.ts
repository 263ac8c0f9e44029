/** What formulas read of a point. */
export interface FormulaPoint {
  readonly tag: string;
  readonly m: number | undefined;
}

/** What stands for a point's `m` in a formula, where it has none. */
export const mDefault = 7;

type Term = { readonly [name: string]: unknown };

/** Of an expression at a point, and the scores that prefetches gave it. */
export function formulaValue(expression: unknown, point: FormulaPoint, scores: readonly number[]): number {
  const value = (one: unknown) => formulaValue(one, point, scores);
  if (typeof expression === "number") return expression;
  if (typeof expression === "string") {
    if (expression === "m") return point.m ?? mDefault;
    return scores[expression === "$score" ? 0 : Number(expression.slice("$score[".length, -1))] ?? 0;
  }
  const term = expression as Term;
  if ("key" in term) return point.tag === (term["match"] as { value: string }).value ? 1 : 0;
  const [[name, of]] = Object.entries(term) as [[string, unknown]];
  if (name === "sum") return (of as unknown[]).reduce<number>((sum, one) => sum + value(one), 0);
  if (name === "mult") return (of as unknown[]).reduce<number>((product, one) => product * value(one), 1);
  if (name === "neg") return 0 - value(of);
  if (name === "abs") return Math.abs(value(of));
  if (name === "div") {
    const { left, right, by_zero_default: byZero } = of as Term;
    if (value(left) === 0) return 0;
    return value(right) === 0 ? (byZero as number) : value(left) / value(right);
  }
  const { x, target, scale, midpoint } = of as { x: unknown; target: unknown; scale: number; midpoint: number };
  const distance = Math.abs(value(x) - value(target));
  if (name === "lin_decay") return Math.max(0, 1 - ((1 - midpoint) / scale) * distance);
  if (name === "exp_decay") return Math.exp((Math.log(midpoint) / scale) * distance);
  return Math.exp((Math.log(midpoint) / (scale * scale)) * distance * distance);
}
