/** A float32 as a number with a short text. */
export function shortened(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
