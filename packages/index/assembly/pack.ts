// Packed deltas: variable-length numbers and dots by a table of origins. One writer and one reader at a time, at atDelta.
import { ORIGINS_MAX } from "../src/vector-index/graph-limits";
import { S, atDelta, originIn, scratch, sequenceIn, word } from "./layout";

let at: usize = 0, limit: usize = 0, origins: u32 = 0, malformed: bool = false;

export namespace PackWriter {
  /** The body is written first: only it knows the origins. */
  // @ts-ignore: decorator
  @inline function body(): usize { return atDelta + 8 + (<usize>ORIGINS_MAX << 2); }
  export function begin(): void {
    at = body();
    origins = 0;
  }
  export function varint(value: u64): void {
    for (; value > 127; value >>= 7) store<u8>(at++, <u8>value | 128);
    store<u8>(at++, <u8>value);
  }
  export function signed(value: i64): void { varint((<u64>value << 1) ^ <u64>(value >> 63)); }
  /** Index of an origin in the table being built; it is added when new. */
  export function origin(id: u32): u32 {
    const table = scratch + S.ORIGINS;
    for (let i: u32 = 0; i < origins; i++) if (load<u32>(word(table, i)) == id) return i;
    if (origins == ORIGINS_MAX) unreachable(); // deltas are about the surroundings of one node: they name fewer
    store<u32>(word(table, origins), id);
    return origins++;
  }
  /** A dot by its difference to another. */
  export function relative(dot: u64, base: u64): void {
    const difference = <i64>sequenceIn(dot) - <i64>sequenceIn(base), foreign = originIn(dot) != originIn(base);
    varint(((<u64>difference << 1) ^ <u64>(difference >> 63)) << 1 | u64(foreign));
    if (foreign) varint(origin(originIn(dot)));
  }
  /** Put format and origins before the body; returns the bytes at atDelta. */
  export function end(format: u32): u32 {
    const from = body(), bytes = at - from;
    at = atDelta;
    store<u8>(at++, <u8>format);
    varint(origins);
    for (let i: u32 = 0; i < origins; i++, at += 3) {
      const id = load<u32>(word(scratch + S.ORIGINS, i));
      store<u16>(at, <u16>id);
      store<u8>(at, <u8>(id >> 16), 2);
    }
    memory.copy(at, from, bytes);
    return <u32>(at - atDelta + bytes);
  }
}

/** Numbers past the end read as zeros; who reads asks `failed` before believing anything. */
export namespace PackReader {
  export function begin(bytes: u32, format: u32): bool {
    at = atDelta;
    limit = atDelta + bytes;
    malformed = false;
    store<u64>(limit, 0);
    store<u64>(limit, 0, 8);
    if (bytes < 3 || load<u8>(at++) != format) return false;
    const n = varint();
    if (n > ORIGINS_MAX || at + <usize>n * 3 > limit) return false;
    for (origins = 0; origins < <u32>n; at += 3) store<u32>(word(scratch + S.ORIGINS, origins++), <u32>load<u16>(at) | <u32>load<u8>(at, 2) << 16);
    return true;
  }
  export function failed(): bool { return malformed || at > limit; }
  export function isAtEnd(): bool { return !malformed && at == limit; }
  export function varint(): u64 {
    let value: u64 = 0;
    for (let shift: u64 = 0; shift < 64; shift += 7) {
      if (at > limit) break;
      const byte = load<u8>(at++);
      value |= (<u64>byte & 127) << shift;
      if (byte < 128) return value;
    }
    malformed = true;
    return 0;
  }
  export function signed(): i64 {
    const value = varint();
    return <i64>(value >> 1) ^ -<i64>(value & 1);
  }
  export function origin(): u32 {
    const index = varint();
    if (index < origins) return load<u32>(word(scratch + S.ORIGINS, <u32>index));
    malformed = true;
    return 0;
  }
  export function relative(base: u64): u64 {
    const code = varint(), id = code & 1 ? origin() : originIn(base), value = code >> 1;
    const sequence = <i64>sequenceIn(base) + (<i64>(value >> 1) ^ -<i64>(value & 1));
    if (sequence < 1 || sequence >> 40) malformed = true;
    return <u64>id << 40 | (<u64>sequence & 0xffffffffff);
  }
}
