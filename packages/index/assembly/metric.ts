// A *walk* says which rows a graph is walked on and how two rows are compared. Walks are types, so that every hot loop is
// compiled once per walk with the choices folded away: a primitive type stands for each.

/** −dot over f32 vectors (cosine on normalised vectors). */
export type DotVectors = f32;
/** −dot over int8 codes. */
export type DotCodes = i8;
/** Squared Euclidean distance over f32 vectors. */
export type EuclidVectors = f64;
/** Squared Euclidean distance over int8 codes. */
export type EuclidCodes = i16;
/** Sum of absolute differences over f32 vectors. Codes with a scale per vector cannot be subtracted, so there is no int8 form. */
export type ManhattanVectors = u64;

/** Does the walk read int8 codes? */
// @ts-ignore: decorator
@inline export function onCodes<Walk>(): bool { return isInteger<Walk>() && sizeof<Walk>() < 4; }
// @ts-ignore: decorator
@inline export function isEuclid<Walk>(): bool { return (isFloat<Walk>() && sizeof<Walk>() == 8) || (isInteger<Walk>() && sizeof<Walk>() == 2); }
// @ts-ignore: decorator
@inline export function isManhattan<Walk>(): bool { return isInteger<Walk>() && sizeof<Walk>() == 8; }
