import { MurmurationError } from "../errors.js";
import {
  formatError,
  givenMembers,
  onlyMember,
  type RawObject,
  toArray,
  toKey,
  toObject,
  toText,
  validationError,
} from "../filter/json-shape.js";
import { parseFilter } from "../filter/parse.js";
import { toGeoPoint } from "../filter/parse-geo.js";
import { parseDatetime } from "../payload/datetime.js";
import type { Json } from "../payload/json.js";
import type { DecayKind, Expression, Formula } from "./expression.js";
import { formulaDepthMax, formulaExpressionsMax } from "./formula-limits.js";

/** One budget of expressions for the whole formula, and how deep this one is. */
interface Position {
  readonly budget: { expressions: number };
  readonly depth: number;
}

type Parse = (value: unknown, field: string, position: Position) => Expression;

const SECONDS_PER_MICRO = 1e-6;

function toNumber(value: unknown, field: string): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw formatError(field, "a finite number is expected");
}

function toMembers(value: unknown, known: readonly string[], field: string): RawObject {
  return Object.fromEntries(givenMembers(toObject(value, field), known, field));
}

const VARIABLE_SCORE = /^\$score(?:\[(\d{1,6})\])?$/;

/** `$score`, `$score[2]`, or the path of a number in the payload. */
function parseVariable(text: string, field: string): Expression {
  const score = VARIABLE_SCORE.exec(text);
  if (score !== null) return { kind: "score", prefetch: Number(score[1] ?? 0) };
  if (text.startsWith("$")) throw formatError(field, `Invalid variable: ${text}`);
  return { kind: "payload", path: toKey(text, field) };
}

function parseTerms(kind: "sum" | "mult"): Parse {
  return (value, field, position) => ({
    kind,
    terms: toArray(value, field).map((term, i) => parseExpression(term, `${field}[${i}]`, position)),
  });
}

function parseUnary(kind: "neg" | "abs" | "sqrt" | "exp" | "log10" | "ln"): Parse {
  return (value, field, position) => ({ kind, of: parseExpression(value, field, position) });
}

const parseDiv: Parse = (value, field, position) => {
  const { left, right, by_zero_default: byZero } = toMembers(value, ["left", "right", "by_zero_default"], field);
  return {
    kind: "div",
    left: parseExpression(left, `${field}.left`, position),
    right: parseExpression(right, `${field}.right`, position),
    ...(byZero === undefined ? {} : { byZeroDefault: toNumber(byZero, `${field}.by_zero_default`) }),
  };
};

const parsePow: Parse = (value, field, position) => {
  const { base, exponent } = toMembers(value, ["base", "exponent"], field);
  return {
    kind: "pow",
    base: parseExpression(base, `${field}.base`, position),
    exponent: parseExpression(exponent, `${field}.exponent`, position),
  };
};

const parseGeoDistance: Parse = (value, field) => {
  const { origin, to } = toMembers(value, ["origin", "to"], field);
  return { kind: "geo-distance", origin: toGeoPoint(origin, `${field}.origin`), path: toKey(to, `${field}.to`) };
};

/** Seconds since 1970; `undefined`: it is no datetime. */
export function secondsOf(text: string): number | undefined {
  const micros = parseDatetime(text);
  return micros === undefined ? undefined : Number(micros) * SECONDS_PER_MICRO;
}

const parseDatetimeConstant: Parse = (value, field) => {
  const seconds = secondsOf(toText(value, field));
  if (seconds === undefined) throw formatError(field, "a datetime is expected");
  return { kind: "constant", value: seconds };
};

const SCALE_DEFAULT = 1;
const MIDPOINT_DEFAULT = 0.5;

function parseDecay(kind: DecayKind): Parse {
  return (value, field, position) => {
    const members = toMembers(value, ["x", "target", "scale", "midpoint"], field);
    const scale = members["scale"] === undefined ? SCALE_DEFAULT : toNumber(members["scale"], `${field}.scale`);
    if (scale <= 0) throw validationError(`${field}.scale`, `value ${scale} invalid, must be larger than 0`);
    const given = members["midpoint"];
    const midpoint = given === undefined ? MIDPOINT_DEFAULT : toNumber(given, `${field}.midpoint`);
    if (midpoint <= 0 || midpoint >= 1) {
      throw validationError(`${field}.midpoint`, `value ${midpoint} invalid, must be between 0 and 1`);
    }
    const target = members["target"] ?? 0;
    return {
      kind,
      x: parseExpression(members["x"], `${field}.x`, position),
      target: parseExpression(target, `${field}.target`, position),
      scale,
      midpoint,
    };
  };
}

const parsers: { readonly [name: string]: Parse } = {
  sum: parseTerms("sum"),
  mult: parseTerms("mult"),
  neg: parseUnary("neg"),
  abs: parseUnary("abs"),
  sqrt: parseUnary("sqrt"),
  exp: parseUnary("exp"),
  log10: parseUnary("log10"),
  ln: parseUnary("ln"),
  div: parseDiv,
  pow: parsePow,
  geo_distance: parseGeoDistance,
  datetime: parseDatetimeConstant,
  datetime_key: (value, field) => ({ kind: "datetime-key", path: toKey(value, field) }),
  lin_decay: parseDecay("lin_decay"),
  exp_decay: parseDecay("exp_decay"),
  gauss_decay: parseDecay("gauss_decay"),
};
const names = Object.keys(parsers);

/** A condition of a filter. What is wrong with it is told by its own place. */
function parseCondition(object: RawObject, field: string): Expression {
  try {
    return { kind: "filter", filter: parseFilter({ must: [object] }, field) };
  } catch (error) {
    if (!(error instanceof MurmurationError)) throw error;
    const inside = `${field}.must[0]`;
    const { code, message } = error;
    throw new MurmurationError(code, message.replace(inside, field), error.field?.replace(inside, field), error);
  }
}

function parseExpression(value: unknown, field: string, { budget, depth }: Position): Expression {
  if (++budget.expressions > formulaExpressionsMax) {
    throw validationError(field, `the limit (expressions of a formula) is ${formulaExpressionsMax}`);
  }
  if (depth > formulaDepthMax) {
    throw validationError(field, `the limit (expressions inside of expressions) is ${formulaDepthMax}`);
  }
  if (typeof value === "number" || typeof value === "bigint") {
    return { kind: "constant", value: toNumber(value, field) };
  }
  if (typeof value === "string") return parseVariable(value, field);
  const object = toObject(value, field);
  if (!Object.keys(object).some((name) => names.includes(name))) return parseCondition(object, field);
  const [name, of] = onlyMember(object, names, field);
  return (parsers[name] as Parse)(of, `${field}.${name}`, { budget, depth: depth + 1 });
}

/**
 * The formula that a request's JSON stands for. `field` is its path in the request. Throws `format` for a wrong shape and `validation` for a limit
 * that is passed, each naming the path of the part at fault. Source: the REST dialect.
 */
export function parseFormula(json: unknown, defaults: { readonly [variable: string]: Json }, field: string): Formula {
  return { expression: parseExpression(json, field, { budget: { expressions: 0 }, depth: 1 }), defaults };
}
