/** Points in two dimensions. */
export interface Projection {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Share of all variance that each of the two holds. */
  readonly explained: readonly [number, number];
}

const ITERATIONS_MAX = 150;
/** A direction that turns by less between two iterations is found. */
const TURN_MIN = 1e-7;

/** A sequence that is the same every time: a projection of the same points looks the same. */
function startingAt(dimensions: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>, offset = 0): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[offset + i] as number) * (b[i] as number);
  return sum;
}

/** To length 1; returns the length that it had. */
function normalise(vector: Float64Array): number {
  const length = Math.sqrt(dot(vector, vector));
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
  return length;
}

function withoutPart(vector: Float64Array, direction: Float64Array | undefined): void {
  if (direction === undefined) return;
  const part = dot(vector, direction);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) - part * (direction[i] as number);
}

/** Points in the middle of which the coordinates are taken. */
class Centred {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: number;

  constructor(
    readonly rows: Float32Array,
    readonly dimensions: number,
  ) {
    this.count = dimensions === 0 ? 0 : Math.floor(rows.length / dimensions);
    this.mean = new Float64Array(dimensions);
    for (let at = 0; at < this.count * dimensions; at++) {
      const i = at % dimensions;
      this.mean[i] = (this.mean[i] as number) + (rows[at] as number) / this.count;
    }
    let squares = 0;
    for (let at = 0; at < this.count * dimensions; at++) {
      squares += ((rows[at] as number) - (this.mean[at % dimensions] as number)) ** 2;
    }
    this.variance = squares;
  }

  /** Coordinates of all points along a direction. */
  along(direction: Float64Array): Float64Array {
    const middle = dot(this.mean, direction);
    return Float64Array.from({ length: this.count }, (_, row) => {
      return dot(this.rows, direction, row * this.dimensions) - middle;
    });
  }

  /** The scatter matrix times a direction, without the matrix. */
  scattered(direction: Float64Array): Float64Array {
    const coordinates = this.along(direction);
    const product = new Float64Array(this.dimensions);
    let total = 0;
    for (let row = 0; row < this.count; row++) {
      const coordinate = coordinates[row] as number;
      total += coordinate;
      const at = row * this.dimensions;
      for (let i = 0; i < product.length; i++) {
        product[i] = (product[i] as number) + coordinate * (this.rows[at + i] as number);
      }
    }
    for (let i = 0; i < product.length; i++) product[i] = (product[i] as number) - total * (this.mean[i] as number);
    return product;
  }
}

/** The direction of most variance among those at right angles to another. Yields after each step. */
function* principal(points: Centred, other: Float64Array | undefined, seed: number): Generator<void, Float64Array> {
  let direction = startingAt(points.dimensions, seed);
  withoutPart(direction, other);
  normalise(direction);
  for (let i = 0; i < ITERATIONS_MAX; i++) {
    const next = points.scattered(direction);
    withoutPart(next, other);
    // all points are the same along what is left
    if (normalise(next) === 0) return new Float64Array(points.dimensions);
    const turn = 1 - Math.abs(dot(next, direction));
    direction = next;
    if (turn < TURN_MIN) break;
    yield;
  }
  // which way it looks is free: the largest part is positive
  const largest = direction.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? direction.map((value) => -value) : direction;
}

/**
 * Principal component analysis by power iteration: the two directions of most variance (Pearson, 1901; Hotelling, 1933). `rows`: f32[count × dimensions],
 * finite. Yields between its steps, each of which reads all points once or twice, so that a page stays alive.
 */
export function* projectByPca(rows: Float32Array, dimensions: number): Generator<void, Projection> {
  const points = new Centred(rows, dimensions);
  yield;
  const first = yield* principal(points, undefined, 1);
  const second = yield* principal(points, first, 2);
  const [xs, ys] = [points.along(first), points.along(second)];
  const share = (values: Float64Array) => (points.variance > 0 ? dot(values, values) / points.variance : 0);
  return { xs: Float32Array.from(xs), ys: Float32Array.from(ys), explained: [share(xs), share(ys)] };
}
