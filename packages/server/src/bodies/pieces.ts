/**
 * Children that are put into the innermost open array or object, a new array or object in it, or its end. The first child of all is the
 * value itself. `keys` where it is an object.
 */
type Step =
  | { readonly kind: "put"; readonly keys?: string[]; readonly values: unknown[] }
  | { readonly kind: "open"; readonly key: string | undefined; readonly isArray: boolean }
  | { readonly kind: "close" };

/** A part of a value on its way to another thread: small enough that sending or taking it holds nobody up. */
export type Piece = readonly Step[];

type Container = unknown[] | { [key: string]: unknown };

/** A value of this weight takes about a millisecond to be sent, and as long to be taken. */
export const pieceWeight = 4_096;

/** Bytes of text or of a typed array that weigh as much as a number. */
const BYTES_PER_WEIGHT = 256;

/** What sending a value costs, in numbers of an array; it is not looked at further once it is beyond `most`. */
export function weightOf(value: unknown, most: number): number {
  if (typeof value === "string") return 1 + value.length / BYTES_PER_WEIGHT;
  if (typeof value !== "object" || value === null) return 1;
  if (ArrayBuffer.isView(value)) return 4 + value.byteLength / BYTES_PER_WEIGHT;
  let weight = 2;
  if (Array.isArray(value)) {
    if (value.length > most) return value.length;
    for (let i = 0; i < value.length && weight <= most; i++) weight += weightOf(value[i], most - weight);
    return weight;
  }
  const of = value as { readonly [key: string]: unknown };
  for (const key in of) {
    weight += 1 + weightOf(of[key], most - weight);
    if (weight > most) break;
  }
  return weight;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

/** Cuts a value into pieces: arrays, objects without a class of their own, typed arrays and primitives. */
export class Cutter {
  #steps: Step[] = [];
  #weight = 0;

  /** Gives the pieces in order. One string or typed array is not cut. */
  *cut(value: unknown): Generator<Piece, void, void> {
    yield* this.#add(undefined, value);
    yield this.#take();
  }

  *#add(key: string | undefined, value: unknown): Generator<Piece, void, void> {
    const weight = weightOf(value, pieceWeight);
    if (weight <= pieceWeight || !isContainer(value)) {
      this.#put(key, value);
      this.#weight += weight;
    } else {
      this.#steps.push({ kind: "open", key, isArray: Array.isArray(value) });
      if (Array.isArray(value)) for (const element of value) yield* this.#child(undefined, element);
      else for (const name in value) yield* this.#child(name, value[name]);
      this.#steps.push({ kind: "close" });
    }
    if (this.#weight >= pieceWeight) yield this.#take();
  }

  /** A primitive needs no look at what is in it, and most children of what is cut are such. */
  *#child(key: string | undefined, value: unknown): Generator<Piece, void, void> {
    if (typeof value === "object" || typeof value === "string") {
      yield* this.#add(key, value);
      return;
    }
    this.#put(key, value);
    if (++this.#weight >= pieceWeight) yield this.#take();
  }

  #put(key: string | undefined, value: unknown): void {
    const last = this.#steps.at(-1);
    if (last?.kind === "put" && (last.keys === undefined) === (key === undefined)) {
      if (key !== undefined) last.keys?.push(key);
      last.values.push(value);
    } else this.#steps.push({ kind: "put", values: [value], ...(key === undefined ? {} : { keys: [key] }) });
  }

  #take(): Piece {
    const piece = this.#steps;
    this.#steps = [];
    this.#weight = 0;
    return piece;
  }
}

/** The value that pieces are of, put together again as they come. */
export class Assembly {
  readonly #open: Container[] = [[]];

  put(piece: Piece): void {
    for (const step of piece) {
      if (step.kind === "open") this.#enter(step.key, step.isArray ? [] : {});
      else if (step.kind === "close") this.#open.pop();
      else if (step.keys === undefined) {
        const into = this.#open.at(-1) as unknown[];
        for (const value of step.values) into.push(value);
      } else {
        const into = this.#open.at(-1) as { [key: string]: unknown };
        for (const [i, key] of step.keys.entries()) into[key] = step.values[i];
      }
    }
  }

  /** All of it, once every piece was put. */
  get value(): unknown {
    return (this.#open[0] as unknown[])[0];
  }

  #enter(key: string | undefined, container: Container): void {
    const into = this.#open.at(-1) as Container;
    if (Array.isArray(into)) into.push(container);
    else into[key as string] = container;
    this.#open.push(container);
  }
}
