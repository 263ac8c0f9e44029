// Scans of a column of places (GEO_CELLS), as those of scan.ts.
import { A_OUT, CHUNK_SHIFT, GEO_CELLS, SEVERAL, SUMMARY_ROWS, SUMMARY_SHIFT, VALUED } from "../../src/segment/column-layout";
import { area } from "./areas";
import { cellAt, cellsOf, chunkOf, setsOf, wordOf } from "./chunks";
import { findVisible, foundVisible } from "./visible";

/** Is a place within the box, borders included? */
// @ts-ignore: decorator
@inline function isWithin(place: usize, least: v128, greatest: v128): bool {
  const at = v128.load(place);
  return i64x2.all_true(v128.and(f64x2.ge(at, least), f64x2.le(at, greatest)));
}
function someIsWithin(extent: usize, least: v128, greatest: v128): bool {
  for (let i: u32 = 0, count = load<u32>(extent); i < count; i++) if (isWithin(extent + 8 + (<usize>i << 4), least, greatest)) return true;
  return false;
}
/** The rows that have a place from `west` to `east` and from `south` to `north`. The box does not cross the antimeridian. */
export function scanBox(column: usize, from: u32, to: u32, west: f64, south: f64, east: f64, north: f64, epoch: u32): u32 {
  const least = f64x2.replace_lane(f64x2.splat(west), 1, south), greatest = f64x2.replace_lane(f64x2.splat(east), 1, north);
  let found: u32 = 0;
  for (let row = from; row < to; ) {
    const end = min(to, (row >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT), chunk = chunkOf(column, row), sets = setsOf(chunk);
    const out = area + A_OUT + (<usize>(row - from >> 5) << 2);
    if (!sets) {
      memory.fill(out, 0, <usize>(end - row + 31 >> 5) << 2);
      row = end;
      continue;
    }
    const cells = cellsOf(chunk);
    for (; row < end; row += 32) {
      if (!(row & SUMMARY_ROWS - 1)) findVisible(row >> SUMMARY_SHIFT, epoch);
      const valued = load<u32>(wordOf(sets, VALUED, row)) & foundVisible(row), several = load<u32>(wordOf(sets, SEVERAL, row)) & valued;
      let word: u32 = 0;
      if (valued) {
        const at = cellAt(cells, GEO_CELLS, row);
        for (let i: u32 = 0; i < 32; i++) word |= u32(isWithin(at + (<usize>i << 4), least, greatest)) << i;
        word &= valued & ~several;
        for (let left = several; left; left &= left - 1) {
          const bit = ctz(left);
          if (someIsWithin(<usize>load<u64>(at + (<usize>bit << 4)), least, greatest)) word |= 1 << bit;
        }
      }
      store<u32>(area + A_OUT + (<usize>(row - from >> 5) << 2), word);
      found += popcnt(word);
    }
  }
  return found;
}
