// Changes of existing nodes' lists, for operations that insert nothing: stitch, repair, rescue. Two forms, as for inserts (delta.ts):
//
// *Words*, at atWords, by slot: lists; per list: slot, level, removed, added, removed slots…, added slots…
//
// *Packed*, at atDelta, by dot; v = LEB128 varint:
//     u8 format; v origins, each u24; v lists; per list, ascending by (level, dot): v level, v origin index, v zigzag(sequence − that of the
//     list before), v removed, v added; per slot: v (zigzag(sequence − the list's) << 1 | foreign) and, when foreign, v origin index
import { LEVEL_MAX, RAW_MAX } from "../src/vector-index/graph-limits";
import {
  H, NONE, S, atWords, capOf, dotOf, levelIn, links, listOf, originIn, scratch, sequenceIn, stateOf, word, wordsEnd,
} from "./layout";
import { change, count, withoutTagged } from "./apply";
import { hasRoom, roomForBlock } from "./blocks";
import { PackReader, PackWriter } from "./pack";
import { slotOfDot } from "./dots";
import { hasMember, sizeOf } from "./lists";
import { addTag, roomForTags } from "./tags";

export const EDGES_FORMAT: u32 = 2;

// ---- building words

let end: usize = 0;
/** Begin a delta with no lists. */
export function beginEdges(): void {
  store<u32>(atWords, 0);
  end = atWords + 4;
}
/** Add a list: `removed` slots at `gone`, `added` ones at `fresh`. */
export function addList(slot: u32, level: u32, gone: usize, removed: u32, fresh: usize, added: u32): void {
  if (!removed && !added) return;
  store<u32>(end, slot);
  store<u32>(end, level, 4);
  store<u32>(end, removed, 8);
  store<u32>(end, added, 12);
  memory.copy(end + 16, gone, <usize>removed << 2);
  memory.copy(word(end + 16, removed), fresh, <usize>added << 2);
  end = word(end + 16, removed + added);
  store<u32>(atWords, load<u32>(atWords) + 1);
}
// @ts-ignore: decorator
@inline function nextList(at: usize): usize { return word(at + 16, load<u32>(at, 8) + load<u32>(at, 12)); }

/** Pack the delta at atWords; returns the number of bytes at atDelta, 0 for a delta without lists. */
export function packEdges(): u32 {
  const lists = load<u32>(atWords);
  if (!lists) return 0;
  PackWriter.begin();
  PackWriter.varint(lists);
  let level: u32 = 0, dot: u64 = 0, previous: u64 = 0;
  for (let n: u32 = 0; n < lists; n++) {
    // the next one by (level, dot)
    let best: usize = 0;
    for (let i: u32 = 0, at = atWords + 4; i < lists; i++, at = nextList(at)) {
      const l = load<u32>(at, 4), d = dotOf(load<u32>(at));
      if (n && (l < level || (l == level && d <= dot))) continue;
      if (best && (l > load<u32>(best, 4) || (l == load<u32>(best, 4) && d > dotOf(load<u32>(best))))) continue;
      best = at;
    }
    level = load<u32>(best, 4);
    dot = dotOf(load<u32>(best));
    const removed = load<u32>(best, 8), added = load<u32>(best, 12);
    PackWriter.varint(level);
    PackWriter.varint(PackWriter.origin(originIn(dot)));
    PackWriter.signed(<i64>sequenceIn(dot) - <i64>previous);
    previous = sequenceIn(dot);
    PackWriter.varint(removed);
    PackWriter.varint(added);
    for (let i: u32 = 0; i < removed + added; i++) PackWriter.relative(dotOf(load<u32>(word(best + 16, i))), dot);
  }
  return PackWriter.end(EDGES_FORMAT);
}

/**
 * Decode the `bytes` at atDelta into words; false when they are malformed or do not fit the graph. Nodes that are not in the graph (purged
 * meanwhile) are left out, as are removals of links that are not there. Nothing is changed.
 */
let missed: u32 = 0;
function unpackEdges(bytes: u32): bool {
  missed = 0;
  if (!PackReader.begin(bytes, EDGES_FORMAT)) return false;
  const lists = PackReader.varint();
  if (lists > 8 * (<u64>links + 8) * 4) return false;
  beginEdges();
  let lastLevel: u32 = 0, last: u64 = 0, previous: u64 = 0;
  const gone = scratch + S.GONE, fresh = scratch + S.ADDED;
  for (let n: u64 = 0; n < lists; n++) {
    const level = <u32>min<u64>(PackReader.varint(), 255), origin = PackReader.origin(), sequence = PackReader.signed() + <i64>previous;
    const removed = PackReader.varint(), added = PackReader.varint(), dot = <u64>origin << 40 | <u64>sequence;
    if (PackReader.failed() || level > LEVEL_MAX || sequence < 1 || sequence >> 40) return false;
    if (n && (level < lastLevel || (level == lastLevel && dot <= last))) return false;
    const most = <u64>12 * links + 64;
    if (removed > most || added > most || removed + added > most) return false;
    if (end + 16 + (<usize>(removed + added) << 2) > wordsEnd) return false;
    lastLevel = level;
    last = dot;
    previous = sequence;
    const slot = slotOfDot(dot);
    if (slot != NONE && level > levelIn(stateOf(slot))) return false;
    let removals: u32 = 0, adds: u32 = 0;
    for (let i: u64 = 0; i < removed + added; i++) {
      const other = PackReader.relative(dot), at = slotOfDot(other);
      if (PackReader.failed() || other == dot) return false;
      if (slot == NONE || at == NONE) {
        missed += u32(i >= removed);
        continue;
      }
      if (level > levelIn(stateOf(at))) return false;
      if (i < removed) {
        if (hasMember(listOf(slot, level), at)) removals = putOnce(gone, removals, at);
      } else adds = putOnce(fresh, adds, at);
    }
    if (slot == NONE) continue;
    for (let i: u32 = 0; i < adds; i++) for (let r: u32 = 0; r < removals; r++) if (load<u32>(word(gone, r)) == load<u32>(word(fresh, i))) return false;
    if (sizeOf(listOf(slot, level)) + adds > RAW_MAX) return false;
    addList(slot, level, gone, removals, fresh, adds);
  }
  return PackReader.isAtEnd();
}
function putOnce(list: usize, n: u32, slot: u32): u32 {
  for (let i: u32 = 0; i < n; i++) if (load<u32>(word(list, i)) == slot) return n;
  store<u32>(word(list, n), slot);
  return n + 1;
}
let tagsOfDelta: u32 = 0;
/** Tags of what the delta last checked adds, at most. */
export function tagsAdded(): u32 { return tagsOfDelta; }
/** Bytes of blocks that the delta at atWords may take: one for each list that can outgrow its place. Counts the tags of what it adds. */
export function roomForLists(): usize {
  const lists = load<u32>(atWords);
  let room: usize = 0, tags: u32 = 0;
  for (let i: u32 = 0, at = atWords + 4; i < lists; i++, at = nextList(at)) {
    const level = load<u32>(at, 4), added = load<u32>(at, 12), size = sizeOf(listOf(load<u32>(at), level)) + added;
    if (size > capOf(level)) room += roomForBlock(<usize>(size + 1) << 2);
    tags += 2 * added;
  }
  tagsOfDelta = tags;
  return room;
}
/** Is the packed delta of `bytes` at atDelta well-formed, and does it fit the graph? Changes nothing; it is unpacked at atWords then. */
export function checkEdges(bytes: u32): bool { return unpackEdges(bytes); }
/** Are there so many bytes for blocks, and beside them for so many more tags? */
export function hasRoomFor(blocks: u32, tags: u32): bool { return hasRoom(<usize>blocks + roomForTags(tags)); }
/**
 * Apply the packed delta of `bytes` at atDelta for the operation (origin, sequence), whose causal past is at S.PAST. Returns 0 when it is
 * malformed, 2 when there is no room: then nothing has changed.
 */
export function applyEdges(origin: u32, sequence: f64, bytes: u32): u32 {
  if (!unpackEdges(bytes)) return 0;
  const tag = <u64>origin << 40 | <u64>sequence, lists = load<u32>(atWords), fresh = scratch + S.ADDED;
  const room = roomForLists();
  if (!hasRoom(room + roomForTags(tagsOfDelta))) return 2;
  count(H.MISSED_ADDS, missed);
  for (let i: u32 = 0, at = atWords + 4; i < lists; i++) {
    const slot = load<u32>(at), level = load<u32>(at, 4), removed = load<u32>(at, 8), added = load<u32>(at, 12), next = nextList(at);
    const list = listOf(slot, level), gone = at + 16, adds = word(at + 16, removed), going = withoutTagged(slot, level, gone, removed);
    let n: u32 = 0;
    for (let a: u32 = 0; a < added; a++) {
      const other = load<u32>(word(adds, a)), present = hasMember(list, other);
      addTag(slot, level, other, tag, present);
      if (!present) store<u32>(word(fresh, n++), other);
    }
    change(slot, level, gone, going, fresh, n);
    at = next;
  }
  return 1;
}
