import type { NodeDot } from "./graph-reader.js";
import type { EdgeDelta } from "./graph-types.js";
import { ORIGIN_END, PackedReader, PackedWriter, refuseDelta, SEQUENCE_END } from "./packed.js";

/** What an edge operation does to one neighbour list. */
export interface EdgeList {
  readonly level: number;
  readonly dot: NodeDot;
  /** They leave the list, as far as the operation's planner knew the tags of their links. */
  readonly removed: readonly NodeDot[];
  /** They join the list, tagged with the operation's dot. */
  readonly added: readonly NodeDot[];
}

const FORMAT = 2;
const LEVEL_MAX = 7;

/** Order of the lists of a delta: by level, then by dot. */
export function compareLists(a: EdgeList, b: EdgeList): number {
  return a.level - b.level || a.dot.origin - b.dot.origin || a.dot.sequence - b.dot.sequence;
}

/** Unpack an edge delta (format: assembly/edges.ts, docs/graph-delta.md). Throws `corrupt` for bytes that are not one. */
export function decodeEdgeDelta(bytes: EdgeDelta): EdgeList[] {
  const reader = new PackedReader(bytes);
  reader.head(FORMAT, []);
  const lists: EdgeList[] = [];
  for (let count = reader.count(), previous = 0; count > 0; count--) {
    const level = reader.number();
    if (level > LEVEL_MAX) refuseDelta("a level is too high");
    const dot = { origin: reader.origin(), sequence: previous + reader.signed() };
    if (dot.sequence < 1 || dot.sequence >= SEQUENCE_END) refuseDelta("a sequence is out of range");
    previous = dot.sequence;
    const removals = reader.number();
    const additions = reader.number();
    reader.fits(removals + additions);
    const read = (length: number): NodeDot[] => Array.from({ length }, () => reader.relative(dot));
    const list = { level, dot, removed: read(removals), added: read(additions) };
    const last = lists.at(-1);
    if (last !== undefined && compareLists(last, list) >= 0) refuseDelta("its lists are not in order");
    lists.push(list);
  }
  reader.end();
  return lists;
}

/** Pack an edge delta; its lists ascending by level and dot. Inverse of `decodeEdgeDelta`. */
export function encodeEdgeDelta(lists: readonly EdgeList[]): EdgeDelta {
  const writer = new PackedWriter([]);
  writer.number(lists.length);
  let previous = 0;
  for (const [i, list] of lists.entries()) {
    const { level, dot, removed, added } = list;
    const before = lists[i - 1];
    if (before !== undefined && compareLists(before, list) >= 0) refuseDelta("its lists are not in order");
    for (const { origin, sequence } of [dot, ...removed, ...added]) {
      const fits = origin >= 0 && origin < ORIGIN_END && sequence >= 1 && sequence < SEQUENCE_END;
      if (!fits) refuseDelta("a dot is out of range");
    }
    writer.number(level);
    writer.origin(dot.origin);
    writer.signed(dot.sequence - previous);
    previous = dot.sequence;
    writer.number(removed.length);
    writer.number(added.length);
    for (const other of [...removed, ...added]) writer.relative(other, dot);
  }
  return writer.finish(FORMAT);
}
