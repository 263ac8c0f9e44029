import { MurmurationError } from "../errors.js";
import type { NodeDot } from "./graph-reader.js";
import type { GraphDelta } from "./vector-index.js";

/** What an insert does to one of its neighbours: the neighbour joins the new node's list, and its own list is edited. */
export interface DeltaNeighbour {
  readonly dot: NodeDot;
  /** The new node joins the neighbour's list. */
  readonly add: boolean;
  /** They leave the neighbour's list. */
  readonly removed: readonly NodeDot[];
}

/** A graph delta unpacked: neighbours by level, each level's ascending by dot. */
export type DeltaLists = readonly (readonly DeltaNeighbour[])[];

const FORMAT = 1;
const LEVELS_MAX = 8;
const ORIGINS_MAX = 1024;
const ORIGIN_END = 2 ** 24;
const SEQUENCE_END = 2 ** 40;
/** Above every number of the format: a doubled zigzag of the difference of two sequences. */
const NUMBER_END = 2 ** 43;

/**
 * Unpack the graph delta of the node `dot` (format: assembly/delta.ts, docs/graph-delta.md). Throws `corrupt` for bytes that are not one.
 */
export function decodeGraphDelta(dot: NodeDot, bytes: GraphDelta): DeltaLists {
  let at = 0;
  const readByte = (): number => bytes[at++] ?? refuse("it ends early");
  const readNumber = (): number => {
    let value = 0;
    for (let unit = 1; unit < NUMBER_END; unit *= 128) {
      const byte = readByte();
      value += (byte & 127) * unit;
      if (value >= NUMBER_END) break;
      if (byte < 128) return value;
    }
    return refuse("a number is too large");
  };
  const readCount = (): number => {
    const count = readNumber();
    // every item that is counted has at least one byte
    return count <= bytes.length - at ? count : refuse("it ends early");
  };
  if (readByte() !== FORMAT) refuse("its format is unknown");
  const origins = [dot.origin];
  const foreign = readCount();
  if (foreign >= ORIGINS_MAX) refuse("it names too many origins");
  for (let i = 0; i < foreign; i++) origins.push(readByte() | (readByte() << 8) | (readByte() << 16));
  const readOrigin = (): number => origins[readNumber()] ?? refuse("an origin is not in its table");
  const readSequence = (after: number): number => {
    const sequence = after + readNumber();
    return sequence >= 0 && sequence < SEQUENCE_END ? sequence : refuse("a sequence is out of range");
  };
  const readRemoved = (from: NodeDot): NodeDot => {
    const code = readNumber();
    const zigzag = Math.floor(code / 2);
    const difference = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const sequence = from.sequence + difference;
    if (sequence < 0 || sequence >= SEQUENCE_END) refuse("a sequence is out of range");
    return { origin: code % 2 === 1 ? readOrigin() : from.origin, sequence };
  };

  const levels = readNumber();
  if (levels > LEVELS_MAX) refuse("it has too many levels");
  const lists: DeltaNeighbour[][] = Array.from({ length: levels }, () => []);
  for (let level = levels - 1; level >= 0; level--) {
    const dots: NodeDot[] = [];
    for (let runs = readCount(); runs > 0; runs--) {
      const origin = readOrigin();
      const previous = dots.at(-1);
      if (previous !== undefined && previous.origin >= origin) refuse("its neighbours are not in order");
      const count = readCount();
      if (count === 0) refuse("a run is empty");
      for (let i = 0, sequence = -1; i < count; i++) {
        sequence = readSequence(sequence + 1);
        dots.push({ origin, sequence });
      }
    }
    lists[level] = dots.map((neighbour) => {
      const edit = readNumber();
      const length = Math.floor(edit / 2);
      if (length > bytes.length - at) refuse("it ends early");
      return { dot: neighbour, add: edit % 2 === 1, removed: Array.from({ length }, () => readRemoved(neighbour)) };
    });
  }
  return at === bytes.length ? lists : refuse("bytes follow its end");
}

/** Pack the graph delta of the node `dot`; the neighbours of each level ascending by dot. Inverse of `decodeGraphDelta`. */
export function encodeGraphDelta(dot: NodeDot, lists: DeltaLists): GraphDelta {
  const origins = [dot.origin];
  const body: number[] = [];
  const putNumber = (to: number[], value: number): void => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) to.push((rest % 128) + 128);
    to.push(rest);
  };
  // origins are numbered as the body meets them, as the engine does: equal deltas have equal bytes
  const putOrigin = (origin: number): void => {
    const known = origins.indexOf(origin);
    putNumber(body, known >= 0 ? known : origins.push(origin) - 1);
  };
  putNumber(body, lists.length);
  for (const neighbours of lists.toReversed()) {
    const runs = runsOf(neighbours);
    putNumber(body, runs.length);
    for (const run of runs) {
      putOrigin((run[0] as DeltaNeighbour).dot.origin);
      putNumber(body, run.length);
      let next = 0;
      for (const { dot: neighbour } of run) {
        putNumber(body, neighbour.sequence - next);
        next = neighbour.sequence + 1;
      }
    }
    for (const { dot: neighbour, add, removed } of neighbours) {
      putNumber(body, removed.length * 2 + (add ? 1 : 0));
      for (const gone of removed) {
        const difference = gone.sequence - neighbour.sequence;
        const zigzag = difference < 0 ? -2 * difference - 1 : 2 * difference;
        const foreign = gone.origin !== neighbour.origin;
        putNumber(body, zigzag * 2 + (foreign ? 1 : 0));
        if (foreign) putOrigin(gone.origin);
      }
    }
  }
  const head = [FORMAT];
  putNumber(head, origins.length - 1);
  for (const origin of origins.slice(1)) head.push(origin & 255, (origin >> 8) & 255, origin >> 16);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

/** Neighbours cut where the origin changes. Throws `corrupt` where they do not ascend. */
function runsOf(neighbours: readonly DeltaNeighbour[]): readonly (readonly DeltaNeighbour[])[] {
  const runs: DeltaNeighbour[][] = [];
  let previous: NodeDot | undefined;
  for (const neighbour of neighbours) {
    const { origin, sequence } = neighbour.dot;
    const fits = origin >= 0 && origin < ORIGIN_END && sequence >= 0 && sequence < SEQUENCE_END;
    if (!fits) refuse("a dot is out of range");
    if (previous === undefined || previous.origin < origin) runs.push([neighbour]);
    else if (previous.origin === origin && previous.sequence < sequence) runs.at(-1)?.push(neighbour);
    else refuse("its neighbours are not in order");
    previous = neighbour.dot;
  }
  return runs;
}

function refuse(reason: string): never {
  throw new MurmurationError("corrupt", `the graph delta is malformed: ${reason}`);
}
