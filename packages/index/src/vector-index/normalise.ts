/** f32 copy of unit length, computed in f64 and rounded once; the zero vector stays as it is. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const x of vector) squares += x * x;
  if (squares === 0) return vector.slice();
  const length = Math.sqrt(squares);
  return vector.map((x) => x / length);
}
