// The values of a column that are looked up for equality: strings, or the keys of numbers. A keyword's cell is the address of its value.
// A value goes when the last row that has it goes. The table has open addressing, and is published whole when it grows.
import { C_TABLE, C_TABLE_USED, C_VALUES, H_NUMBER_KEY, V_BYTES, V_HASH, V_KEY, V_POSTING, V_ROWS } from "../../src/segment/column-layout";
import { retireExtent, takeExtent, takeZeroed } from "./arena";
import { addToPosting, dropPosting, removedFromPosting } from "./postings";

const GONE: u32 = 1;
const PLACES: usize = 16;
const PLACES_MIN: u32 = 16;

function mix(h: u32): u32 {
  h = (h ^ h >> 16) * 0x85ebca6b;
  h = (h ^ h >> 13) * 0xc2b2ae35;
  return h ^ h >> 16;
}
/** Hash of bytes, in the manner of MurmurHash3 (Appleby): words are mixed in, the rest byte by byte. */
function hashOf(at: usize, bytes: u32): u32 {
  let h: u32 = bytes, i: u32 = 0;
  for (; i + 4 <= bytes; i += 4) h = rotl<u32>(h ^ rotl<u32>(load<u32>(at + i) * 0xcc9e2d51, 15) * 0x1b873593, 13) * 5 + 0xe6546b64;
  for (; i < bytes; i++) h = (h ^ load<u8>(at + i)) * 0x01000193;
  return mix(h);
}
function isSame(a: usize, b: usize, bytes: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  for (; i < bytes; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}
// @ts-ignore: decorator
@inline function placeOf(table: usize, i: u32): usize { return table + PLACES + (<usize>i << 2); }

/** The value with this key, 0 when there is none. Any thread. */
export function findValue(column: usize, key: usize, bytes: u32): usize {
  const table = <usize>atomic.load<u32>(column + C_TABLE);
  if (!table) return 0;
  const mask = load<u32>(table), hash = hashOf(key, bytes);
  for (let i = hash & mask, tries: u32 = 0; tries <= mask; i = i + 1 & mask, tries++) {
    const value = <usize>atomic.load<u32>(placeOf(table, i));
    if (!value) return 0;
    if (<u32>value == GONE || load<u32>(value + V_HASH) != hash || load<u32>(value + V_BYTES) != bytes) continue;
    if (isSame(value + V_KEY, key, bytes)) return value;
  }
  return 0;
}
function placeValue(table: usize, value: usize): bool {
  const mask = load<u32>(table);
  let i = load<u32>(value + V_HASH) & mask;
  while (load<u32>(placeOf(table, i)) > GONE) i = i + 1 & mask;
  const wasEmpty = load<u32>(placeOf(table, i)) == 0;
  atomic.store<u32>(placeOf(table, i), <u32>value);
  return wasEmpty;
}
/** Room for one more value: a larger table, or the same without those that are gone. False: the memory is full. */
function ensurePlace(column: usize): bool {
  const old = <usize>load<u32>(column + C_TABLE), used = load<u32>(column + C_TABLE_USED);
  if (old && (used + 1) * 4 <= (load<u32>(old) + 1) * 3) return true;
  let size = PLACES_MIN;
  while (size < (load<u32>(column + C_VALUES) + 1) * 2) size <<= 1;
  const table = takeZeroed(PLACES + (<usize>size << 2));
  if (!table) return false;
  store<u32>(table, size - 1);
  if (old) {
    for (let i: u32 = 0, mask = load<u32>(old); i <= mask; i++) {
      const value = load<u32>(placeOf(old, i));
      if (value > GONE) placeValue(table, <usize>value);
    }
    retireExtent(old);
  }
  store<u32>(column + C_TABLE_USED, load<u32>(column + C_VALUES));
  atomic.store<u32>(column + C_TABLE, <u32>table);
  return true;
}
/** The value with this key, made when there is none; 0: the memory is full. What no row has afterwards, `dropUnused` takes away. */
export function internValue(column: usize, key: usize, bytes: u32): usize {
  const known = findValue(column, key, bytes);
  if (known) return known;
  if (!ensurePlace(column)) return 0;
  const value = takeExtent(V_KEY + <usize>bytes);
  if (!value) return 0;
  store<u32>(value + V_HASH, hashOf(key, bytes));
  store<u32>(value + V_ROWS, 0);
  store<u32>(value + V_POSTING, 0);
  store<u32>(value + V_BYTES, bytes);
  memory.copy(value + V_KEY, key, bytes);
  if (placeValue(<usize>load<u32>(column + C_TABLE), value)) store<u32>(column + C_TABLE_USED, load<u32>(column + C_TABLE_USED) + 1);
  store<u32>(column + C_VALUES, load<u32>(column + C_VALUES) + 1);
  return value;
}
/** Take away a value that no row has. Readers that came to it keep it until they have gone on. */
export function dropUnused(column: usize, value: usize): void {
  if (load<u32>(value + V_ROWS)) return;
  const table = <usize>load<u32>(column + C_TABLE), mask = load<u32>(table);
  let i = load<u32>(value + V_HASH) & mask;
  while (<usize>load<u32>(placeOf(table, i)) != value) {
    // not in the table: it was dropped already
    if (!load<u32>(placeOf(table, i))) return;
    i = i + 1 & mask;
  }
  atomic.store<u32>(placeOf(table, i), GONE);
  store<u32>(column + C_VALUES, load<u32>(column + C_VALUES) - 1);
  dropPosting(value);
  retireExtent(value);
}
export function addToValue(column: usize, value: usize, row: u32): void {
  store<u32>(value + V_ROWS, load<u32>(value + V_ROWS) + 1);
  addToPosting(column, value, row);
}
export function removeFromValue(column: usize, value: usize, row: u32): void {
  store<u32>(value + V_ROWS, load<u32>(value + V_ROWS) - 1);
  if (load<u32>(value + V_ROWS)) removedFromPosting(column, value, row);
  else dropUnused(column, value);
}
/** Where the key of a number stands while it is looked up: at the end of the header, for the writer alone. */
export function internNumber(column: usize, key: i64): usize {
  store<i64>(H_NUMBER_KEY, key);
  return internValue(column, H_NUMBER_KEY, 8);
}
export function valueOfNumber(column: usize, key: i64): usize {
  store<i64>(H_NUMBER_KEY, key);
  return findValue(column, H_NUMBER_KEY, 8);
}
