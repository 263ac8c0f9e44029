// The graph delta of an insert. Two forms:
//
// *Words*, at atWords, by slot (this replica only), for planning and applying:
//     lists; per list: level, neighbours; per neighbour: slot, removed | ADD, removed slots…
//   The new node's list on `level` is its neighbours; each neighbour's own list loses the removed slots and, with ADD, gains the
//   new node. Lists run from the highest level down to 0.
//
// *Packed*, at atDelta, by dot (travels and is logged); v = LEB128 varint:
//     u8 format; v origins, each u24 (origin 0 is the new node's own and is not listed); v lists; per list, levels descending:
//       v runs; per run: v origin index, v count, v first sequence, v gaps − 1 …    the neighbours, ascending by dot
//       per neighbour in that order: v (removed << 1 | add); per removed: v (zigzag(sequence − neighbour's) << 1 | foreign)
//         and, when foreign (its origin is not the neighbour's), v origin index
import { ORIGINS_MAX, RAW_MAX } from "../src/vector-index/graph-limits";
import {
  NONE, S, atDelta, atRemovals, atWords, capOf, dotOf, levelIn, listBytes, listOf, originIn, pair, scratch, sequenceIn, stateOf, touch,
  upperBytes, word,
} from "./layout";
import { slotOfDot } from "./dots";
import { effective, positionOf, sizeOf } from "./lists";
import { noteAbsent, wasAbsent } from "./tags";

export const ADD: u32 = 0x80000000;
export const FORMAT: u32 = 1;

// ---- packing

let out: usize = 0;
let origins: u32 = 0;

function writeVarint(value: u64): void {
  for (; value > 127; value >>= 7) store<u8>(out++, <u8>value | 128);
  store<u8>(out++, <u8>value);
}
/** Index of an origin in the table being built; it is added when new. */
function originIndex(origin: u32): u32 {
  const table = scratch + S.ORIGINS;
  for (let i: u32 = 0; i < origins; i++) if (load<u32>(word(table, i)) == origin) return i;
  store<u32>(word(table, origins), origin);
  return origins++;
}
// @ts-ignore: decorator
@inline function zigzag(value: i64): u64 { return (<u64>value << 1) ^ <u64>(value >> 63); }
// @ts-ignore: decorator
@inline function unzigzag(value: u64): i64 { return <i64>(value >> 1) ^ -<i64>(value & 1); }

/** Words from one neighbour's entry to the next. */
// @ts-ignore: decorator
@inline export function entryWords(entry: usize): u32 { return 2 + (load<u32>(entry, 4) & ~ADD); }

/** Pack the delta at atWords of the new node `dot`; returns the number of bytes at atDelta. */
export function pack(dot: u64): u32 {
  // the body first: only it knows the origins
  const body = atDelta + 4 + (<usize>ORIGINS_MAX << 2);
  out = body;
  origins = 0;
  originIndex(originIn(dot));
  const lists = load<u32>(atWords);
  let at = atWords + 4;
  writeVarint(lists);
  for (let l: u32 = 0; l < lists; l++) {
    const neighbours = load<u32>(at, 4), first = at + 8;
    let runs: u32 = 0, entry = first, previous: u32 = NONE;
    for (let i: u32 = 0; i < neighbours; i++, entry = word(entry, entryWords(entry))) {
      const origin = originIn(dotOf(load<u32>(entry)));
      if (origin != previous) runs++;
      previous = origin;
    }
    writeVarint(runs);
    entry = first;
    for (let i: u32 = 0; i < neighbours;) {
      const origin = originIn(dotOf(load<u32>(entry)));
      let count: u32 = 0;
      for (let e = entry; i + count < neighbours && originIn(dotOf(load<u32>(e))) == origin; count++) e = word(e, entryWords(e));
      writeVarint(originIndex(origin));
      writeVarint(count);
      let last: u64 = 0;
      for (let c: u32 = 0; c < count; c++, i++, entry = word(entry, entryWords(entry))) {
        const sequence = sequenceIn(dotOf(load<u32>(entry)));
        writeVarint(c ? sequence - last - 1 : sequence);
        last = sequence;
      }
    }
    entry = first;
    for (let i: u32 = 0; i < neighbours; i++, entry = word(entry, entryWords(entry))) {
      const target = dotOf(load<u32>(entry)), edit = load<u32>(entry, 4), removed = edit & ~ADD;
      writeVarint(<u64>removed << 1 | u64(edit >> 31));
      for (let r: u32 = 0; r < removed; r++) {
        const gone = dotOf(load<u32>(word(entry, 2 + r))), foreign = originIn(gone) != originIn(target);
        writeVarint(zigzag(<i64>sequenceIn(gone) - <i64>sequenceIn(target)) << 1 | u64(foreign));
        if (foreign) writeVarint(originIndex(originIn(gone)));
      }
    }
    at = entry;
  }
  const end = out;
  out = atDelta;
  store<u8>(out++, <u8>FORMAT);
  writeVarint(origins - 1);
  for (let i: u32 = 1; i < origins; i++, out += 3) {
    const origin = load<u32>(word(scratch + S.ORIGINS, i));
    store<u16>(out, <u16>origin);
    store<u8>(out, <u8>(origin >> 16), 2);
  }
  memory.copy(out, body, end - body);
  return <u32>(out - atDelta + (end - body));
}

// ---- unpacking

let at: usize = 0, limit: usize = 0;
let malformed: bool = false;
let missed: u32 = 0;
/** Links that the delta last unpacked adds and whose other node is not in the graph. */
export function missedAdds(): u32 { return missed; }

/** Past the end of the delta stand zeros (see unpack), so that a number always ends; who reads checks `at` against the limit. */
// @ts-ignore: decorator
@inline function readVarint(): u64 {
  const first = load<u8>(at++);
  return first < 128 ? <u64>first : readMore(<u64>first & 127);
}
function readMore(value: u64): u64 {
  for (let shift: u64 = 7; shift < 64; shift += 7) {
    const byte = load<u8>(at++);
    value |= (<u64>byte & 127) << shift;
    if (byte < 128) return value;
  }
  malformed = true;
  return 0;
}
function readOrigin(): u32 {
  const index = readVarint();
  if (index < origins) return load<u32>(word(scratch + S.ORIGINS, <u32>index));
  malformed = true;
  return 0;
}
/**
 * Decode the `bytes` at atDelta, of the new node `dot` and its `level`, into words; false when they are malformed or do not fit
 * the graph. Dots that are not in the graph (purged meanwhile) are left out, and so is every removal that would change nothing: of a
 * link that is not there or, with `applied` (the delta is in the graph and is to be taken back), of one that is. Nothing is changed.
 */
export function unpack(dot: u64, level: u32, bytes: u32, applied: bool): bool {
  at = atDelta;
  limit = atDelta + bytes;
  malformed = false;
  missed = 0;
  store<u64>(limit, 0);
  store<u64>(limit, 0, 8);
  origins = 1;
  store<u32>(scratch + S.ORIGINS, originIn(dot));
  if (bytes < 3 || load<u8>(at++) != FORMAT) return false;
  const foreign = readVarint();
  if (foreign >= ORIGINS_MAX || at + <usize>foreign * 3 > limit) return false;
  for (; origins <= <u32>foreign; at += 3) store<u32>(word(scratch + S.ORIGINS, origins++), <u32>load<u16>(at) | <u32>load<u8>(at, 2) << 16);

  const lists = <u32>readVarint();
  if (lists > level + 1) return false;
  store<u32>(atWords, lists);
  const own = applied ? slotOfDot(dot) : NONE;
  let words = atWords + 4;
  for (let l = <i32>lists - 1; l >= 0 && !malformed; l--) {
    const cap = capOf(l), runs = readVarint(), slots = scratch + S.KEPT;
    let count: u32 = 0, kept: u32 = 0, previous: u64 = 0;
    const header = words;
    words += 8;
    store<u32>(header, l);
    // the neighbours' dots, then their slots (NONE: not in the graph); their lists are touched, so that the misses overlap
    const dots = scratch + S.SORT;
    for (let r: u64 = 0; r < runs && !malformed; r++) {
      const origin = readOrigin(), n = readVarint();
      if (!n || n > <u64>(cap - count)) return false;
      let sequence: u64 = 0;
      for (let i: u64 = 0; i < n; i++) {
        sequence = i ? sequence + readVarint() + 1 : readVarint();
        const neighbour = <u64>origin << 40 | sequence;
        if (sequence >> 40 || (count && neighbour <= previous)) return false;
        previous = neighbour;
        store<u64>(pair(dots, count), neighbour);
        count++;
      }
    }
    for (let i: u32 = 0; i < count; i++) {
      const slot = slotOfDot(load<u64>(pair(dots, i)));
      store<u32>(word(slots, i), slot);
      if (slot == NONE) {
        missed++;
        continue;
      }
      if (l && levelIn(stateOf(slot)) < <u32>l) return false;
      touch(listOf(slot, l), l ? upperBytes : listBytes);
    }
    const gone = atRemovals;
    let goneCount: u32 = 0;
    for (let i: u32 = 0; i < count && !malformed; i++) {
      const target = load<u64>(pair(dots, i)), edit = readVarint(), removed = <u32>min<u64>(edit >> 1, NONE);
      if (removed > 3 * cap) return false;
      store<u32>(word(scratch + S.CHOSEN, i), removed << 1 | <u32>(edit & 1));
      for (let r: u32 = 0; r < removed && !malformed; r++) {
        const code = readVarint(), origin = code & 1 ? readOrigin() : originIn(target);
        const dot = <u64>origin << 40 | (<u64>(<i64>sequenceIn(target) + unzigzag(code >> 1)) & 0xffffffffff);
        store<u64>(pair(gone, goneCount++), dot);
      }
    }
    if (malformed || at > limit) return false;
    for (let i: u32 = 0, g: u32 = 0; i < count; i++) {
      const slot = load<u32>(word(slots, i)), edit = load<u32>(word(scratch + S.CHOSEN, i)), add = edit & 1;
      const place: usize = slot == NONE ? 0 : listOf(slot, l), length: u32 = place ? sizeOf(place) : 0;
      const list: usize = place ? effective(place) : 0;
      let found: u32 = 0;
      for (const end = g + (edit >> 1); g < end; g++) {
        const at = slotOfDot(load<u64>(pair(gone, g)));
        if (at == NONE || !list) continue;
        const isMember = positionOf(list, length, at) != 0;
        if (!isMember && !applied && !noteAbsent(slot, l, at)) return false;
        if (isMember == applied) continue;
        if (applied && (at == slot || at == own || (l && levelIn(stateOf(at)) < <u32>l) || wasAbsent(slot, l, at))) continue;
        if (!positionOf(word(words, 1), found, at)) store<u32>(word(words, 2 + found++), at);
      }
      if (slot == NONE) continue;
      // no list may outgrow all bounds, whatever the delta claims
      if (length + (applied ? found : add) > RAW_MAX) return false;
      store<u32>(words, slot);
      store<u32>(words, found | (add ? ADD : 0), 4);
      words = word(words, 2 + found);
      kept++;
    }
    store<u32>(header, kept, 4);
  }
  return !malformed && at == limit;
}
