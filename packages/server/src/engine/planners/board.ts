// Shared memory of the engine's thread and its planners. The *board* says what is planned now: a round of inserts into one graph. Whoever
// plans takes the next insert of the round until none is left. Each planner writes what it finds on its own *desk*: one that comes
// too late writes where nobody looks any more.

/** Most inserts of a round, and floats of all their vectors. */
export const ROUND_MAX = 128;
export const ROUND_FLOATS_MAX = 2 * 1024 * 1024;
/** Bytes of what one planner can have found in a round; the rest is left to others. */
const DESK_BYTES = 2 * 1024 * 1024;

/** Words of the board. */
const ROUND = 0;
/** Low half of the round's number, and the next insert: taken together, so that nobody takes of a round that he does not know. */
const NEXT = 1;
const GRAPH = 2;
const COUNT = 3;
const INSERTS = 16;
const INSERT_WORDS = 3;

/** Words of a desk. */
const BEGUN = 0;
const ENDED = 1;
/** Published last: what stands before it is whole. */
const FOUND = 2;
const ENTRIES = 16;
const ENTRY_WORDS = 3;

/** The round after which there is none. */
const CLOSED = -1;

/** What all threads share. Can be posted to another thread. */
export interface Board {
  readonly words: Int32Array;
  readonly vectors: Float32Array;
}

/** What one planner shares with the engine's thread. Can be posted to another thread. */
export interface Desk {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** An insert of a round: its place in the round, its dot, and its vector as a view on the board. */
export interface BoardInsert {
  readonly place: number;
  readonly dot: { readonly origin: number; readonly sequence: number };
  readonly values: Float32Array;
}

/** Pages of it that are not used cost nothing. */
export function makeBoard(): Board {
  return {
    words: new Int32Array(new SharedArrayBuffer((INSERTS + ROUND_MAX * INSERT_WORDS) * 4)),
    vectors: new Float32Array(new SharedArrayBuffer(ROUND_FLOATS_MAX * 4)),
  };
}

export function makeDesk(): Desk {
  return {
    words: new Int32Array(new SharedArrayBuffer((ENTRIES + ROUND_MAX * ENTRY_WORDS) * 4)),
    bytes: new Uint8Array(new SharedArrayBuffer(DESK_BYTES)),
  };
}

// ---- the engine's side

/** Begin a round and wake the planners. Returns its number. */
export function beginRound(
  { words, vectors }: Board,
  graph: number,
  dimensions: number,
  inserts: readonly Omit<BoardInsert, "place">[],
): number {
  const round = ((words[ROUND] as number) + 1) & 0x7fffffff;
  // first of all there is nothing to take: who is late in the last round must not take of a board that is half written
  Atomics.store(words, NEXT, (round << 16) | 0xffff);
  words[GRAPH] = graph;
  words[COUNT] = inserts.length;
  for (const [i, { dot, values }] of inserts.entries()) {
    const at = INSERTS + i * INSERT_WORDS;
    words[at] = dot.origin;
    words[at + 1] = (dot.sequence % 2 ** 32) | 0;
    words[at + 2] = Math.floor(dot.sequence / 2 ** 32);
    vectors.set(values, i * dimensions);
  }
  Atomics.store(words, NEXT, round << 16);
  Atomics.store(words, ROUND, round);
  Atomics.notify(words, ROUND);
  return round;
}

/** No planner waits for a round any more. */
export function closeBoard({ words }: Board): void {
  Atomics.store(words, ROUND, CLOSED);
  Atomics.notify(words, ROUND);
}

/** Is a planner at work on what it has taken of a round? It may then take of no other. */
export function isAtWork({ words }: Desk): boolean {
  return Atomics.load(words, BEGUN) !== Atomics.load(words, ENDED);
}

/**
 * Wait a moment for a planner to end what it has taken of a round; when nothing is left to take. One that has not begun by now finds nothing
 * to take any more.
 */
export function awaitPlanner({ words }: Desk, round: number, timeoutMs: number): void {
  const ended = Atomics.load(words, ENDED);
  if (Atomics.load(words, BEGUN) === round && ended !== round) Atomics.wait(words, ENDED, ended, timeoutMs);
}

/** What a planner has found so far in a round: by place. */
export function* foundOn({ words, bytes }: Desk, round: number): IterableIterator<readonly [number, Uint8Array]> {
  if (Atomics.load(words, BEGUN) !== round) return;
  const count = Atomics.load(words, FOUND);
  for (let i = 0; i < count; i++) {
    const [place, from, length] = words.subarray(ENTRIES + i * ENTRY_WORDS) as unknown as [number, number, number];
    yield [place, new Uint8Array(bytes.subarray(from, from + length))];
  }
}

// ---- either side

/** Take the next insert of a round, into a graph of so many dimensions; `undefined` when none is left, or it is another round by now. */
export function takeInsert({ words, vectors }: Board, round: number, dimensions: number): BoardInsert | undefined {
  for (;;) {
    const next = Atomics.load(words, NEXT);
    const place = next & 0xffff;
    if (next >>> 16 !== (round & 0xffff) || place >= (words[COUNT] as number)) return undefined;
    if (Atomics.compareExchange(words, NEXT, next, next + 1) !== next) continue;
    const at = INSERTS + place * INSERT_WORDS;
    const sequence = (words[at + 2] as number) * 2 ** 32 + ((words[at + 1] as number) >>> 0);
    return {
      place,
      dot: { origin: words[at] as number, sequence },
      values: vectors.subarray(place * dimensions, (place + 1) * dimensions),
    };
  }
}

// ---- a planner's side

/** Wait for a round after the last one; `undefined` when there will be none. */
export function awaitRound({ words }: Board, last: number): number | undefined {
  Atomics.wait(words, ROUND, last);
  const round = Atomics.load(words, ROUND);
  return round === CLOSED ? undefined : round;
}

/** Say that inserts are taken of this round: the engine's thread looks for them here from now on. */
export function beginOn({ words }: Desk, round: number): void {
  Atomics.store(words, FOUND, 0);
  Atomics.store(words, BEGUN, round);
}

/** The graph of the round that is begun. */
export function graphOf({ words }: Board): number {
  return words[GRAPH] as number;
}

/** Put down what was found for a place; false when there is no room for more. */
export function putFound({ words, bytes }: Desk, place: number, found: Uint8Array): boolean {
  const count = words[FOUND] as number;
  const last = ENTRIES + (count - 1) * ENTRY_WORDS;
  const from = count === 0 ? 0 : (words[last + 1] as number) + (words[last + 2] as number);
  if (from + found.length > bytes.length) return false;
  bytes.set(found, from);
  words.set([place, from, found.length], ENTRIES + count * ENTRY_WORDS);
  Atomics.store(words, FOUND, count + 1);
  return true;
}

/** All that was taken of a round is found, or given up. */
export function endOn({ words }: Desk, round: number): void {
  Atomics.store(words, ENDED, round);
  Atomics.notify(words, ENDED);
}
