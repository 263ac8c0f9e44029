import type { Filter } from "../filter/condition.js";
import type { GeoPoint } from "../payload/geo.js";
import type { Json } from "../payload/json.js";

/** How what is far from a target counts less. */
export type DecayKind = "lin_decay" | "exp_decay" | "gauss_decay";

/** A term of a formula: plain data, as everything of a query. */
export type Expression =
  | { readonly kind: "constant"; readonly value: number }
  /** The score that a prefetch gave. */
  | { readonly kind: "score"; readonly prefetch: number }
  /** A number in the payload. */
  | { readonly kind: "payload"; readonly path: string }
  /** 1 where it is satisfied, else 0. */
  | { readonly kind: "filter"; readonly filter: Filter }
  | { readonly kind: "sum" | "mult"; readonly terms: readonly Expression[] }
  | { readonly kind: "neg" | "abs" | "sqrt" | "exp" | "log10" | "ln"; readonly of: Expression }
  | {
      readonly kind: "div";
      readonly left: Expression;
      readonly right: Expression;
      readonly byZeroDefault?: number;
    }
  | { readonly kind: "pow"; readonly base: Expression; readonly exponent: Expression }
  /** Metres to a place in the payload. */
  | { readonly kind: "geo-distance"; readonly origin: GeoPoint; readonly path: string }
  /** Seconds since 1970 of a datetime in the payload. */
  | { readonly kind: "datetime-key"; readonly path: string }
  | {
      readonly kind: DecayKind;
      readonly x: Expression;
      readonly target: Expression;
      /** Over 0. */
      readonly scale: number;
      /** What is left at a distance of `scale`: between 0 and 1. */
      readonly midpoint: number;
    };

/** An expression, and what stands for variables that a point does not have. */
export interface Formula {
  readonly expression: Expression;
  readonly defaults: { readonly [variable: string]: Json };
}
