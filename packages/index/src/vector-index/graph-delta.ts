import type { NodeDot } from "./graph-reader.js";
import type { GraphDelta } from "./graph-types.js";
import { ORIGIN_END, PackedReader, PackedWriter, refuseDelta, SEQUENCE_END } from "./packed.js";

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

/**
 * Unpack the graph delta of the node `dot` (format: assembly/delta.ts, docs/graph-delta.md). Throws `corrupt` for bytes that are not one.
 */
export function decodeGraphDelta(dot: NodeDot, bytes: GraphDelta): DeltaLists {
  const reader = new PackedReader(bytes);
  reader.head(FORMAT, [dot.origin]);
  const levels = reader.number();
  if (levels > LEVELS_MAX) refuseDelta("it has too many levels");
  const lists: DeltaNeighbour[][] = Array.from({ length: levels }, () => []);
  for (let level = levels - 1; level >= 0; level--) {
    const dots: NodeDot[] = [];
    for (let runs = reader.count(); runs > 0; runs--) {
      const origin = reader.origin();
      const previous = dots.at(-1);
      if (previous !== undefined && previous.origin >= origin) refuseDelta("its neighbours are not in order");
      const count = reader.count();
      if (count === 0) refuseDelta("a run is empty");
      for (let i = 0, sequence = -1; i < count; i++) {
        sequence += 1 + reader.number();
        if (sequence >= SEQUENCE_END) refuseDelta("a sequence is out of range");
        dots.push({ origin, sequence });
      }
    }
    lists[level] = dots.map((neighbour) => {
      const edit = reader.number();
      const length = reader.fits(Math.floor(edit / 2));
      return { dot: neighbour, add: edit % 2 === 1, removed: Array.from({ length }, () => reader.relative(neighbour)) };
    });
  }
  reader.end();
  return lists;
}

/** Pack the graph delta of the node `dot`; the neighbours of each level ascending by dot. Inverse of `decodeGraphDelta`. */
export function encodeGraphDelta(dot: NodeDot, lists: DeltaLists): GraphDelta {
  const writer = new PackedWriter([dot.origin]);
  writer.number(lists.length);
  for (const neighbours of lists.toReversed()) {
    const runs = runsOf(neighbours);
    writer.number(runs.length);
    for (const run of runs) {
      writer.origin((run[0] as DeltaNeighbour).dot.origin);
      writer.number(run.length);
      let next = 0;
      for (const { dot: neighbour } of run) {
        writer.number(neighbour.sequence - next);
        next = neighbour.sequence + 1;
      }
    }
    for (const { dot: neighbour, add, removed } of neighbours) {
      writer.number(removed.length * 2 + (add ? 1 : 0));
      for (const gone of removed) writer.relative(gone, neighbour);
    }
  }
  return writer.finish(FORMAT);
}

/** Neighbours cut where the origin changes. Throws `corrupt` where they do not ascend. */
function runsOf(neighbours: readonly DeltaNeighbour[]): readonly (readonly DeltaNeighbour[])[] {
  const runs: DeltaNeighbour[][] = [];
  let previous: NodeDot | undefined;
  for (const neighbour of neighbours) {
    const { origin, sequence } = neighbour.dot;
    const fits = origin >= 0 && origin < ORIGIN_END && sequence >= 0 && sequence < SEQUENCE_END;
    if (!fits) refuseDelta("a dot is out of range");
    if (previous === undefined || previous.origin < origin) runs.push([neighbour]);
    else if (previous.origin === origin && previous.sequence < sequence) runs.at(-1)?.push(neighbour);
    else refuseDelta("its neighbours are not in order");
    previous = neighbour.dot;
  }
  return runs;
}
