// Lists of slots: count, then that many slots.
import { word } from "./layout";

/** Position of a slot in a list, 0 when it is not there. */
// @ts-ignore: decorator
@inline export function positionOf(list: usize, n: u32, slot: u32): u32 {
  const wanted = i32x4.splat(slot);
  let i: u32 = 1;
  for (; i + 3 <= n; i += 4) {
    const hits = i32x4.bitmask(i32x4.eq(v128.load(word(list, i)), wanted));
    if (hits) return i + ctz(hits);
  }
  for (; i <= n; i++) if (load<u32>(word(list, i)) == slot) return i;
  return 0;
}
