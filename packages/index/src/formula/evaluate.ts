import { MurmurationError } from "../errors.js";
import { geoDistance } from "../filter/geo-test.js";
import { compilePredicate } from "../filter/matches.js";
import type { FilterSubject } from "../filter/point-source.js";
import { geoPointOf } from "../payload/geo.js";
import type { Json } from "../payload/json.js";
import { parsePath, valuesAt } from "../payload/path.js";
import type { Meter } from "../sliced.js";
import type { DecayKind, Expression, Formula } from "./expression.js";
import { secondsOf } from "./parse-formula.js";

// Formulas are computed in f64, with the functions that this machine has: last bits of exp, ln and pow may differ between machines, and nothing is
// kept of what comes out.

/** A point that a formula is computed for. */
export interface FormulaSubject extends FilterSubject {
  /** The score that a prefetch gave it; `undefined`: it did not find it. */
  scoreOf(prefetch: number): number | undefined;
}

/** The value of a formula for a point: an f64. Throws `wrong-input` where it is no finite number, or a variable has no value. */
export type FormulaOf = (subject: FormulaSubject) => number;

function noVariable(variable: string, expected: string, why: string): MurmurationError {
  const place = `for ${variable} in the payload and/or in the formula defaults`;
  return new MurmurationError("wrong-input", `Expected ${expected} value ${place}. Error: ${why}`, "query.formula");
}

function finite(value: number, expression: string): number {
  if (Number.isFinite(value)) return value;
  const problem = `The expression ${expression} produced a non-finite number`;
  throw new MurmurationError("wrong-input", problem, "query.formula");
}

/** What stands at a path of a point, or its default: one value, and not several. */
function variable<Made>(
  path: string,
  defaults: Formula["defaults"],
  expected: string,
  make: (value: Json) => Made | undefined,
): (subject: FormulaSubject) => Made {
  const parsed = parsePath(path);
  const byDefault = Object.hasOwn(defaults, path) ? defaults[path] : undefined;
  return ({ payload }) => {
    const [first, ...others] = valuesAt(payload, parsed).filter((value) => value !== null);
    const value = first ?? byDefault;
    if (value === undefined || value === null) {
      throw noVariable(path, expected, "No value found in a payload nor defaults");
    }
    const made = others.length === 0 ? make(value) : undefined;
    if (made === undefined) throw noVariable(path, expected, `Value is not a ${expected}`);
    return made;
  };
}

function asNumber(value: Json): number | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

function scoreVariable(prefetch: number, defaults: Formula["defaults"]): FormulaOf {
  const names = prefetch === 0 ? ["$score", "$score[0]"] : [`$score[${prefetch}]`];
  const given = names.find((name) => Object.hasOwn(defaults, name));
  const byDefault = given === undefined ? 0 : asNumber(defaults[given] as Json);
  if (byDefault === undefined) throw noVariable(given as string, "number", "Value is not a number");
  return ({ scoreOf }) => scoreOf(prefetch) ?? byDefault;
}

/** What is left of 1 at a distance. */
function decay(kind: DecayKind, scale: number, midpoint: number): (distance: number) => number {
  switch (kind) {
    case "lin_decay":
      return (distance) => Math.max(0, 1 - ((1 - midpoint) / scale) * distance);
    case "exp_decay":
      return (distance) => Math.exp((Math.log(midpoint) / scale) * distance);
    case "gauss_decay":
      return (distance) => Math.exp((Math.log(midpoint) / (scale * scale)) * distance * distance);
  }
}

const unary: { readonly [kind in "neg" | "abs" | "sqrt" | "exp" | "log10" | "ln"]: (value: number) => number } = {
  neg: (value) => 0 - value,
  abs: Math.abs,
  sqrt: (value) => finite(Math.sqrt(value), `√${value}`),
  exp: (value) => finite(Math.exp(value), `exp(${value})`),
  log10: (value) => finite(Math.log10(value), `log10(${value})`),
  ln: (value) => finite(Math.log(value), `ln(${value})`),
};

function compile(expression: Expression, defaults: Formula["defaults"], meter: Meter): FormulaOf {
  const inner = (one: Expression) => compile(one, defaults, meter);
  switch (expression.kind) {
    case "constant":
      return () => expression.value;
    case "score":
      return scoreVariable(expression.prefetch, defaults);
    case "payload":
      return variable(expression.path, defaults, "number", asNumber);
    case "filter": {
      const holds = compilePredicate(expression.filter, meter);
      return (subject) => (holds(subject) ? 1 : 0);
    }
    case "sum": {
      const terms = expression.terms.map(inner);
      return (subject) => {
        let sum = 0;
        for (const term of terms) sum += term(subject);
        return sum;
      };
    }
    case "mult": {
      const terms = expression.terms.map(inner);
      return (subject) => {
        let product = 1;
        // what is multiplied by 0 is not asked for
        for (let i = 0; i < terms.length && product !== 0; i++) product *= (terms[i] as FormulaOf)(subject);
        return product;
      };
    }
    case "div": {
      const [left, right] = [inner(expression.left), inner(expression.right)];
      const { byZeroDefault } = expression;
      return (subject) => {
        const dividend = left(subject);
        if (dividend === 0) return 0;
        const divisor = right(subject);
        if (divisor === 0 && byZeroDefault !== undefined) return byZeroDefault;
        return finite(dividend / divisor, `${dividend}/${divisor}`);
      };
    }
    case "pow": {
      const [base, exponent] = [inner(expression.base), inner(expression.exponent)];
      return (subject) => {
        const [x, y] = [base(subject), exponent(subject)];
        return finite(x ** y, `${x}^${y}`);
      };
    }
    case "geo-distance": {
      const { origin, path } = expression;
      const place = variable(path, defaults, "geo point", geoPointOf);
      return (subject) => geoDistance(origin, place(subject));
    }
    case "datetime-key":
      return variable(expression.path, defaults, "datetime", (value) =>
        typeof value === "string" ? secondsOf(value) : undefined,
      );
    case "lin_decay":
    case "exp_decay":
    case "gauss_decay": {
      const [x, target] = [inner(expression.x), inner(expression.target)];
      const left = decay(expression.kind, expression.scale, expression.midpoint);
      return (subject) => left(Math.abs(x(subject) - target(subject)));
    }
    default: {
      const [of, apply] = [inner(expression.of), unary[expression.kind]];
      return (subject) => apply(of(subject));
    }
  }
}

/** Make a formula ready; its steps are counted by `meter`. Throws `wrong-input` for a default that is of another type. */
export function compileFormula({ expression, defaults }: Formula, meter: Meter): FormulaOf {
  const value = compile(expression, defaults, meter);
  return (subject) => {
    meter.steps++;
    return value(subject);
  };
}
