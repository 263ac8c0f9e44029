// Distance kernels; smaller is closer. Every f32 kernel keeps ONE accumulator per row, reduced as (e0+e2)+(e1+e3), and
// every int8 kernel sums exact integers before the same few f32 operations: a distance has the same bits wherever in a
// batch its row stood. What leaves f32 on the way is computed again in f64 (wide.ts).
import { atQuery, atQuery16, codeBytes, dimensions, vectorBytes } from "./layout";
import { isEuclid, isManhattan, onCodes } from "./metric";
import { areWithin, isWithin, mend, wideCodeDistance, wideDistance, wideRowDistance } from "./wide";

/** Of the prepared Euclidean int8 query: its squared norm, twice its scale, and its scale. */
let querySquaredNorm: f32 = 0, queryTwiceScale: f32 = 0, queryScale: f64 = 0;

// ---- f32

// @ts-ignore: decorator
@inline function accumulate<Walk>(sum: v128, q: v128, x: v128): v128 {
  if (isEuclid<Walk>()) {
    const d = f32x4.sub(q, x);
    return f32x4.add(sum, f32x4.mul(d, d));
  }
  if (isManhattan<Walk>()) return f32x4.add(sum, f32x4.abs(f32x4.sub(q, x)));
  return f32x4.add(sum, f32x4.mul(q, x));
}
// @ts-ignore: decorator
@inline function reduce<Walk>(s: v128): f32 {
  const sum = (f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 2)) + (f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 3));
  return isEuclid<Walk>() || isManhattan<Walk>() ? sum : -sum;
}
/** Four accumulators reduced at once, each as reduce() does. */
// @ts-ignore: decorator
@inline function reduce4<Walk>(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const u = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const w = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  const sums = f32x4.add(v128.shuffle<f32>(u, w, 0, 1, 4, 5), v128.shuffle<f32>(u, w, 2, 3, 6, 7));
  return isEuclid<Walk>() || isManhattan<Walk>() ? sums : f32x4.neg(sums);
}
// @ts-ignore: decorator
@inline function vectorDistance<Walk>(a: usize, b: usize): f32 {
  let s = f32x4.splat(0);
  const n = vectorBytes;
  for (let i: usize = 0; i < n; i += 16) s = accumulate<Walk>(s, v128.load(a + i), v128.load(b + i));
  const distance = reduce<Walk>(s);
  return isWithin(distance) ? distance : wideDistance<Walk>(a, b);
}
// @ts-ignore: decorator
@inline function vectorDistance4<Walk>(q: usize, a: usize, b: usize, c: usize, d: usize, out: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const n = vectorBytes;
  for (let i: usize = 0; i < n; i += 16) {
    const x = v128.load(q + i);
    s0 = accumulate<Walk>(s0, x, v128.load(a + i));
    s1 = accumulate<Walk>(s1, x, v128.load(b + i));
    s2 = accumulate<Walk>(s2, x, v128.load(c + i));
    s3 = accumulate<Walk>(s3, x, v128.load(d + i));
  }
  const distances = reduce4<Walk>(s0, s1, s2, s3);
  v128.store(out, distances);
  if (areWithin(distances)) return;
  mend<Walk>(q, a, out);
  mend<Walk>(q, b, out + 4);
  mend<Walk>(q, c, out + 8);
  mend<Walk>(q, d, out + 12);
}
/** Four queries against two rows: distances to a at out, to b at out + 16. */
// @ts-ignore: decorator
@inline export function vectorDistance4x2<Walk>(q: usize, a: usize, b: usize, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const n = vectorBytes, q1 = q + n, q2 = q1 + n, q3 = q2 + n;
  for (let i: usize = 0; i < n; i += 16) {
    const x = v128.load(a + i), y = v128.load(b + i);
    let v = v128.load(q + i);
    a0 = accumulate<Walk>(a0, v, x);
    b0 = accumulate<Walk>(b0, v, y);
    v = v128.load(q1 + i);
    a1 = accumulate<Walk>(a1, v, x);
    b1 = accumulate<Walk>(b1, v, y);
    v = v128.load(q2 + i);
    a2 = accumulate<Walk>(a2, v, x);
    b2 = accumulate<Walk>(b2, v, y);
    v = v128.load(q3 + i);
    a3 = accumulate<Walk>(a3, v, x);
    b3 = accumulate<Walk>(b3, v, y);
  }
  const toA = reduce4<Walk>(a0, a1, a2, a3), toB = reduce4<Walk>(b0, b1, b2, b3);
  v128.store(out, toA);
  v128.store(out, toB, 16);
  if (areWithin(toA) && areWithin(toB)) return;
  for (let z: usize = 0; z < 4; z++) {
    mend<Walk>(q + z * n, a, out + (z << 2));
    mend<Walk>(q + z * n, b, out + 16 + (z << 2));
  }
}

// ---- int8

/** Scale of an int8 row: its last 4 bytes. */
// @ts-ignore: decorator
@inline export function scaleOf(row: usize): f32 { return load<f32>(row + codeBytes - 4); }
/** Squared norm of a Euclidean int8 row: the 4 bytes before the scale. */
// @ts-ignore: decorator
@inline function squaredNormOf(row: usize): f32 { return load<f32>(row + codeBytes - 8); }
// @ts-ignore: decorator
@inline function multiplyAdd(s: v128, q: v128, row: usize): v128 { return i32x4.add(s, i32x4.dot_i16x8_s(q, v128.load_ext<i8>(row))); }
// @ts-ignore: decorator
@inline function sum4(s: v128): i32 {
  return (i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1)) + (i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3));
}
/** Distance of the prepared query (i16, zero beyond its dimensions, so that the tail of the row meets zeros). */
// @ts-ignore: decorator
@inline function codeDistance<Walk>(q: usize, row: usize): f32 {
  let s0 = i32x4.splat(0), s1 = s0;
  const n = codeBytes;
  for (let i: usize = 0; i < n; i += 16) {
    s0 = multiplyAdd(s0, v128.load(q + (i << 1)), row + i);
    s1 = multiplyAdd(s1, v128.load(q + (i << 1), 16), row + i + 8);
  }
  const product = <f32>sum4(i32x4.add(s0, s1)) * scaleOf(row);
  const distance = isEuclid<Walk>() ? (squaredNormOf(row) - queryTwiceScale * product) + querySquaredNorm : -product;
  return isWithin(distance) ? distance : wideCodeDistance<Walk>(q, queryScale, row);
}
// @ts-ignore: decorator
@inline function codeDistance4<Walk>(q: usize, a: usize, b: usize, c: usize, d: usize, out: usize): void {
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  const n = codeBytes;
  for (let i: usize = 0; i < n; i += 8) {
    const x = v128.load(q + (i << 1));
    s0 = multiplyAdd(s0, x, a + i);
    s1 = multiplyAdd(s1, x, b + i);
    s2 = multiplyAdd(s2, x, c + i);
    s3 = multiplyAdd(s3, x, d + i);
  }
  const u = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7));
  const w = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7));
  const sums = i32x4.add(v128.shuffle<i32>(u, w, 0, 1, 4, 5), v128.shuffle<i32>(u, w, 2, 3, 6, 7));
  const products = f32x4.mul(f32x4.convert_i32x4_s(sums), gather4(n - 4, a, b, c, d));
  let distances = f32x4.neg(products);
  if (isEuclid<Walk>()) {
    const partial = f32x4.sub(gather4(n - 8, a, b, c, d), f32x4.mul(f32x4.splat(queryTwiceScale), products));
    distances = f32x4.add(partial, f32x4.splat(querySquaredNorm));
  }
  v128.store(out, distances);
  if (areWithin(distances)) return;
  mendCode<Walk>(q, a, out);
  mendCode<Walk>(q, b, out + 4);
  mendCode<Walk>(q, c, out + 8);
  mendCode<Walk>(q, d, out + 12);
}
// @ts-ignore: decorator
@inline function mendCode<Walk>(q: usize, row: usize, out: usize): void {
  if (!isWithin(load<f32>(out))) store<f32>(out, wideCodeDistance<Walk>(q, queryScale, row));
}
/** The f32 at the same offset of four rows. */
// @ts-ignore: decorator
@inline function gather4(offset: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  let lanes = f32x4.splat(load<f32>(a + offset));
  lanes = v128.load_lane<f32>(b + offset, lanes, 1);
  lanes = v128.load_lane<f32>(c + offset, lanes, 2);
  return v128.load_lane<f32>(d + offset, lanes, 3);
}
/** Row against row. The tail of `a` is masked off: 4 bytes (scale), for Euclid 8. */
// @ts-ignore: decorator
@inline function codeRowDistance<Walk>(a: usize, b: usize): f32 {
  let s0 = i32x4.splat(0), s1 = s0;
  const n = codeBytes - 16;
  for (let i: usize = 0; i < n; i += 16) {
    s0 = multiplyAdd(s0, v128.load_ext<i8>(a + i), b + i);
    s1 = multiplyAdd(s1, v128.load_ext<i8>(a + i, 8), b + i + 8);
  }
  s0 = multiplyAdd(s0, v128.load_ext<i8>(a + n), b + n);
  if (!isEuclid<Walk>()) s1 = multiplyAdd(s1, v128.and(v128.load_ext<i8>(a + n, 8), i16x8(-1, -1, -1, -1, 0, 0, 0, 0)), b + n + 8);
  const product = <f32>sum4(i32x4.add(s0, s1)) * scaleOf(b);
  const distance = isEuclid<Walk>() ? (squaredNormOf(b) - (2 * scaleOf(a)) * product) + squaredNormOf(a) : -product * scaleOf(a);
  return isWithin(distance) ? distance : wideRowDistance<Walk>(a, b);
}
/**
 * Quantise the f32 vector (pad is zero) into an int8 row: symmetric, one scale per vector, the largest component at ±127.
 * The Euclidean norm is that of the codes, so that the distance of two equal rows is zero.
 */
export function quantise(vector: usize, row: usize, euclid: bool): void {
  const n = vectorBytes;
  let top = f32x4.splat(1e-20);
  for (let i: usize = 0; i < n; i += 16) top = f32x4.max(top, f32x4.abs(v128.load(vector + i)));
  const largest = Mathf.max(
    Mathf.max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    Mathf.max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
  const scale: f32 = largest / 127, inverse = f32x4.splat(127 / largest), end = codeBytes - 4;
  let i: usize = 0, squares = i32x4.splat(0);
  for (; i < n; i += 16) {
    const codes = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(vector + i), inverse)));
    const narrow = i16x8.narrow_i32x4_s(codes, codes);
    squares = i32x4.add(squares, i32x4.mul(codes, codes));
    store<u32>(row + (i >> 2), i32x4.extract_lane(i8x16.narrow_i16x8_s(narrow, narrow), 0));
  }
  for (i >>= 2; i < end; i++) store<u8>(row + i, 0);
  if (euclid) store<f32>(row + end - 4, <f32>sum4(squares) * scale * scale);
  store<f32>(row + end, scale);
}
/** Widen an int8 row into the i16 query (zeros beyond its dimensions). */
function widen(row: usize, q16: usize): void {
  const n = codeBytes;
  for (let i: usize = 0; i < n; i += 8) v128.store(q16 + (i << 1), v128.load_ext<i8>(row + i));
  for (let i: usize = <usize>dimensions; i < n; i++) store<i16>(q16 + (i << 1), 0);
}

// ---- by walk

/** Prepare the query at atQuery for a walk; `row` receives its int8 form. */
// @ts-ignore: decorator
@inline export function prepareQuery<Walk>(row: usize): void {
  if (!onCodes<Walk>()) return;
  quantise(atQuery, row, isEuclid<Walk>());
  prepareRow<Walk>(row);
}
// @ts-ignore: decorator
@inline function prepareRow<Walk>(row: usize): void {
  widen(row, atQuery16);
  if (isEuclid<Walk>()) {
    querySquaredNorm = squaredNormOf(row);
    queryTwiceScale = 2 * scaleOf(row);
    queryScale = <f64>scaleOf(row);
  }
}
/** Have a stored int8 row be the query of a walk on codes: what preparing its vector comes to. `row` receives it. */
// @ts-ignore: decorator
@inline export function prepareStored<Walk>(stored: usize, row: usize): void {
  memory.copy(row, stored, codeBytes);
  prepareRow<Walk>(row);
}
/** Distance of the prepared query to one row. */
// @ts-ignore: decorator
@inline export function queryDistance<Walk>(row: usize): f32 {
  return onCodes<Walk>() ? codeDistance<Walk>(atQuery16, row) : vectorDistance<Walk>(atQuery, row);
}
/** Distances of the prepared query to four rows. */
// @ts-ignore: decorator
@inline export function queryDistance4<Walk>(a: usize, b: usize, c: usize, d: usize, out: usize): void {
  if (onCodes<Walk>()) codeDistance4<Walk>(atQuery16, a, b, c, d, out);
  else vectorDistance4<Walk>(atQuery, a, b, c, d, out);
}
/** Distance between two stored rows. */
// @ts-ignore: decorator
@inline export function rowDistance<Walk>(a: usize, b: usize): f32 {
  return onCodes<Walk>() ? codeRowDistance<Walk>(a, b) : vectorDistance<Walk>(a, b);
}
