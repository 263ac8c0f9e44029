import { MurmurationError } from "../errors.js";
import { type DenseVector, isDense, type Vector } from "../vector/vector.js";

/** The vector, where it is as those of a dense space are. Throws `wrong-input` where it is of another kind. */
export function requireDense(vector: Vector, space: string): DenseVector {
  if (isDense(vector)) return vector;
  const problem = `Conversion between ${vector.kind} and regular vectors failed: vector "${space}" is a dense one`;
  throw new MurmurationError("wrong-input", problem, "query");
}
