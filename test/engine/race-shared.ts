import type { GraphHandle } from "@murmuration/index";

/** What the threads of the race share besides the graph. */
export interface RaceSetup {
  readonly graph: GraphHandle;
  /** Words: [phase, number of events, searches of each reader so far]. Phases: 0 churning, 1 over. */
  readonly control: Int32Array;
  /** slot + 1: show it; −(slot + 1): hide it. In the order in which the writer decided. */
  readonly events: Int32Array;
  /** Slot → row of the vectors that it holds. */
  readonly rows: Int32Array;
  /** count × dimensions, of length 1. */
  readonly vectors: Float32Array;
  readonly dimensions: number;
}

/** What a reader did, and every answer that was wrong. */
export interface ReaderReport {
  readonly searches: number;
  readonly filtered: number;
  readonly exact: number;
  readonly results: number;
  readonly recall: number;
  readonly wrong: Readonly<Record<string, number>>;
}

/** What the writer did. */
export interface WriterReport {
  readonly inserts: number;
  readonly deletes: number;
  readonly revivals: number;
  readonly reverts: number;
}

export const PHASE = 0;
export const EVENTS = 1;
/** Of the reader in thread 1; those of the next one follow. */
export const SEARCHES = 2;
export const eventsMax = 2_000_000;
export const slotsMax = 1_000_000;

/** A shared array of `length` 32-bit integers. */
export function sharedIntegers(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

/** −dot in the engine's order of summation: equal bits mean that the whole vector was there. */
export function dotDistance(query: Float32Array, vectors: Float32Array, row: number): number {
  const f = Math.fround;
  const start = row * query.length;
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < query.length; i++) {
    lanes[i & 3] = f((lanes[i & 3] as number) + f((query[i] as number) * (vectors[start + i] as number)));
  }
  const [a, b, c, d] = lanes as [number, number, number, number];
  // cosine: rounding takes it a little beyond 1
  return Math.max(-1, -f(f(a + c) + f(b + d)));
}

/** Row of the next query or vector. */
export function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
