// Distances whose f32 arithmetic leaves f32: computed again in f64, where no sum of products of f32 values overflows, and cut to the
// largest f32 on both sides. Only values near the edge of f32 come here.

import { codeBytes, dimensions, vectorBytes } from "./layout";
import { isEuclid, isManhattan } from "./metric";

/** Did the arithmetic stay within f32? Not so for infinity and NaN. */
// @ts-ignore: decorator
@inline export function isWithin(distance: f32): bool { return abs(distance) <= f32.MAX_VALUE; }
// @ts-ignore: decorator
@inline export function areWithin(distances: v128): bool {
  return i32x4.all_true(f32x4.le(f32x4.abs(distances), f32x4.splat(f32.MAX_VALUE)));
}
/** NaN, which only vectors that are not finite give, counts as the farthest distance. */
function bounded(distance: f64): f32 {
  const most = <f64>f32.MAX_VALUE;
  return distance < most ? <f32>max(distance, -most) : f32.MAX_VALUE;
}

/** Distance of two f32 vectors. */
export function wideDistance<Walk>(a: usize, b: usize): f32 {
  let sum: f64 = 0;
  for (let i: usize = 0, n = vectorBytes; i < n; i += 4) {
    const x = <f64>load<f32>(a + i), y = <f64>load<f32>(b + i), d = x - y;
    if (isEuclid<Walk>()) sum += d * d;
    else if (isManhattan<Walk>()) sum += abs(d);
    else sum += x * y;
  }
  return bounded(isEuclid<Walk>() || isManhattan<Walk>() ? sum : -sum);
}
/** The distance at `out` of these two vectors, computed again if it is not within f32. */
// @ts-ignore: decorator
@inline export function mend<Walk>(a: usize, b: usize, out: usize): void {
  if (!isWithin(load<f32>(out))) store<f32>(out, wideDistance<Walk>(a, b));
}

// @ts-ignore: decorator
@inline function codeScale(row: usize): f64 { return <f64>load<f32>(row + codeBytes - 4); }
/** Distance of two vectors of which there are codes: their sum of products and of squares, and their scales. */
function ofCodes<Walk>(product: i64, squaresA: i64, scaleA: f64, squaresB: i64, scaleB: f64): f32 {
  const dot = <f64>product * scaleA * scaleB;
  if (!isEuclid<Walk>()) return bounded(-dot);
  return bounded((<f64>squaresA * scaleA * scaleA - 2 * dot) + <f64>squaresB * scaleB * scaleB);
}
/** Distance of the prepared query (i16; for dot without its own scale) to an int8 row. */
export function wideCodeDistance<Walk>(q: usize, queryScale: f64, row: usize): f32 {
  let product: i64 = 0, squaresQ: i64 = 0, squares: i64 = 0;
  for (let i: usize = 0, n = <usize>dimensions; i < n; i++) {
    const x = <i64>load<i16>(q + (i << 1)), y = <i64>load<i8>(row + i);
    product += x * y;
    squaresQ += x * x;
    squares += y * y;
  }
  return ofCodes<Walk>(product, squaresQ, isEuclid<Walk>() ? queryScale : 1, squares, codeScale(row));
}
/** Distance of two int8 rows. */
export function wideRowDistance<Walk>(a: usize, b: usize): f32 {
  let product: i64 = 0, squaresA: i64 = 0, squaresB: i64 = 0;
  for (let i: usize = 0, n = <usize>dimensions; i < n; i++) {
    const x = <i64>load<i8>(a + i), y = <i64>load<i8>(b + i);
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return ofCodes<Walk>(product, squaresA, codeScale(a), squaresB, codeScale(b));
}
