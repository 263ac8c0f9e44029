/** f32 copy of unit length, computed in f64 and rounded once; the zero vector stays as it is. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] as number) ** 2;
  const unit = vector.slice();
  if (squares === 0) return unit;
  const length = Math.sqrt(squares);
  for (let i = 0; i < unit.length; i++) unit[i] = (unit[i] as number) / length;
  return unit;
}
