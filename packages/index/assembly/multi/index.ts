// Codes of the parts of multivectors, and how near the codes of two are. Compiled to build/multi.wasm, an instance per thread over the memory
// that the vectors stand in. Addresses are given by the caller: nothing here knows how the memory is laid out.
//
// A code is the signs of a part after a rotation by a fixed seed (Charikar, "Similarity estimation techniques from rounding algorithms", 2002;
// the rotation by Hadamard transforms and random signs: Ailon and Chazelle, "The fast Johnson–Lindenstrauss transform", 2009): of two parts
// at an angle, as many bits differ as the angle is of a half turn. It is a function of the part alone, by additions in a fixed order, so that
// every replica has the same. Codes stand in groups of 16 parts: the first bytes of all 16, then their second bytes, and so on; the last
// group is filled up with the last part.

const GROUP: u32 = 16;
/** Rounds of signs and a transform, after which a coordinate depends on all of a part. */
const ROUNDS: u32 = 3;

/** All bits of it depend on all bits of `x` (the finaliser of MurmurHash3). */
// @ts-ignore: decorator
@inline function mixed(x: u32): u32 {
  x ^= x >> 16;
  x *= 0x85ebca6b;
  x ^= x >> 13;
  x *= 0xc2b2ae35;
  return x ^ (x >> 16);
}
// @ts-ignore: decorator
@inline function f32At(at: usize, i: u32): usize { return at + (<usize>i << 2); }

/** Turns f32[size] around; a power of two of them. */
function rotate(at: usize, size: u32): void {
  for (let round: u32 = 0; round < ROUNDS; round++) {
    for (let i: u32 = 0; i < size; i++) {
      if (mixed(i * ROUNDS + round + 1) & 1) store<f32>(f32At(at, i), -load<f32>(f32At(at, i)));
    }
    for (let half: u32 = 1; half < size; half <<= 1) {
      for (let from: u32 = 0; from < size; from += half << 1) {
        for (let i = from; i < from + half; i++) {
          const a = load<f32>(f32At(at, i)), b = load<f32>(f32At(at, i + half));
          store<f32>(f32At(at, i), a + b);
          store<f32>(f32At(at, i + half), a - b);
        }
      }
    }
  }
}

/**
 * The code of the part at `from`, f32[dimensions]: its bytes go to `to`, `stride` bytes from each other. `work`: f32[size], a power of two that is
 * not smaller than `dimensions` nor than 8 · `bytes`.
 */
function encode(from: usize, dimensions: u32, to: usize, stride: u32, bytes: u32, work: usize, size: u32): void {
  memory.copy(work, from, <usize>dimensions << 2);
  memory.fill(f32At(work, dimensions), 0, <usize>(size - dimensions) << 2);
  rotate(work, size);
  for (let byte: u32 = 0; byte < bytes; byte++) {
    let code: u32 = 0;
    for (let bit: u32 = 0; bit < 8; bit++) code |= <u32>(load<f32>(f32At(work, byte * 8 + bit)) > 0) << bit;
    store<u8>(to + <usize>byte * stride, <u8>code);
  }
}

/** Codes of parts, one after the other, as a query has them. */
export function encodeQuery(from: usize, dimensions: u32, parts: u32, to: usize, bytes: u32, work: usize, size: u32): void {
  for (let part: u32 = 0; part < parts; part++) {
    encode(from + (<usize>part * dimensions << 2), dimensions, to + <usize>part * bytes, 1, bytes, work, size);
  }
}

/** Codes of parts in groups, as a vector that is kept has them. */
export function encodeGroups(from: usize, dimensions: u32, parts: u32, to: usize, bytes: u32, work: usize, size: u32): void {
  const groups = (parts + GROUP - 1) / GROUP;
  for (let at: u32 = 0; at < groups * GROUP; at++) {
    const part = min(at, parts - 1);
    const first = to + <usize>(at / GROUP) * bytes * GROUP + (at % GROUP);
    encode(from + (<usize>part * dimensions << 2), dimensions, first, GROUP, bytes, work, size);
  }
}

/** Bits by which the codes of a group's 16 parts differ from a code: at most 255 of them. */
// @ts-ignore: decorator
@inline function differing(group: usize, code: usize, bytes: u32): v128 {
  let bits = i8x16.splat(0);
  for (let byte: u32 = 0; byte < bytes; byte++) {
    bits = i8x16.add(bits, i8x16.popcnt(v128.xor(v128.load(group + <usize>byte * GROUP), v128.load8_splat(code + byte))));
  }
  return bits;
}
// @ts-ignore: decorator
@inline function leastOf(bits: v128): u32 {
  let least = i8x16.min_u(bits, i8x16.shuffle(bits, bits, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  least = i8x16.min_u(least, i8x16.shuffle(least, least, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  const word = i32x4.extract_lane(least, 0);
  return min(min(word & 255, word >> 8 & 255), min(word >> 16 & 255, word >>> 24));
}

/**
 * For each of `count` entries (where its codes stand and how many groups there are, u32 each): adds to its f32 at `out`, for each code of the
 * query from one to another, how many bits do not differ from the nearest of its parts.
 */
export function addNearest(entries: usize, count: u32, out: usize, query: usize, from: u32, to: u32, bytes: u32): void {
  const whole = 8 * bytes;
  for (let entry: u32 = 0; entry < count; entry++) {
    const codes = <usize>load<u32>(entries + (<usize>entry << 3)), groups = load<u32>(entries + (<usize>entry << 3), 4);
    let sum: u32 = 0;
    let part = from;
    for (; part + 4 <= to; part += 4) {
      const first = query + <usize>part * bytes;
      let least0 = i8x16.splat(-1), least1 = i8x16.splat(-1), least2 = i8x16.splat(-1), least3 = i8x16.splat(-1);
      let at = codes;
      for (let group: u32 = 0; group < groups; group++) {
        let bits0 = i8x16.splat(0), bits1 = i8x16.splat(0), bits2 = i8x16.splat(0), bits3 = i8x16.splat(0);
        for (let byte: u32 = 0; byte < bytes; byte++) {
          const stored = v128.load(at), code = first + byte;
          bits0 = i8x16.add(bits0, i8x16.popcnt(v128.xor(stored, v128.load8_splat(code))));
          bits1 = i8x16.add(bits1, i8x16.popcnt(v128.xor(stored, v128.load8_splat(code + bytes))));
          bits2 = i8x16.add(bits2, i8x16.popcnt(v128.xor(stored, v128.load8_splat(code + 2 * bytes))));
          bits3 = i8x16.add(bits3, i8x16.popcnt(v128.xor(stored, v128.load8_splat(code + 3 * bytes))));
          at += GROUP;
        }
        least0 = i8x16.min_u(least0, bits0);
        least1 = i8x16.min_u(least1, bits1);
        least2 = i8x16.min_u(least2, bits2);
        least3 = i8x16.min_u(least3, bits3);
      }
      sum += 4 * whole - leastOf(least0) - leastOf(least1) - leastOf(least2) - leastOf(least3);
    }
    for (; part < to; part++) {
      let least = i8x16.splat(-1);
      for (let group: u32 = 0; group < groups; group++) {
        least = i8x16.min_u(least, differing(codes + <usize>group * bytes * GROUP, query + <usize>part * bytes, bytes));
      }
      sum += whole - leastOf(least);
    }
    store<f32>(f32At(out, entry), load<f32>(f32At(out, entry)) + <f32>sum);
  }
}

/**
 * The same where parts have lengths: each entry's, f32 for each part, stand behind its codes, the query's at `lengths`. Adds the largest product of
 * lengths and cosine; `cosines`: f32 for each number of bits that differ.
 */
export function addLargest(
  entries: usize, count: u32, out: usize, query: usize, from: u32, to: u32, bytes: u32, lengths: usize, cosines: usize, work: usize,
): void {
  for (let entry: u32 = 0; entry < count; entry++) {
    const codes = <usize>load<u32>(entries + (<usize>entry << 3)), groups = load<u32>(entries + (<usize>entry << 3), 4);
    const own = codes + <usize>groups * bytes * GROUP;
    let sum = load<f32>(f32At(out, entry));
    for (let part = from; part < to; part++) {
      let most = -f32.MAX_VALUE;
      for (let group: u32 = 0; group < groups; group++) {
        v128.store(work, differing(codes + <usize>group * bytes * GROUP, query + <usize>part * bytes, bytes));
        for (let i: u32 = 0; i < GROUP; i++) {
          const cosine = load<f32>(f32At(cosines, load<u8>(work + i)));
          most = max<f32>(most, load<f32>(f32At(own, group * GROUP + i)) * cosine);
        }
      }
      sum += load<f32>(f32At(lengths, part)) * most;
    }
    store<f32>(f32At(out, entry), sum);
  }
}

/** As `addLargest`: adds the squared distance of the nearest part, by lengths and cosine, negated. */
export function addLeast(
  entries: usize, count: u32, out: usize, query: usize, from: u32, to: u32, bytes: u32, lengths: usize, cosines: usize, work: usize,
): void {
  for (let entry: u32 = 0; entry < count; entry++) {
    const codes = <usize>load<u32>(entries + (<usize>entry << 3)), groups = load<u32>(entries + (<usize>entry << 3), 4);
    const own = codes + <usize>groups * bytes * GROUP;
    let sum = load<f32>(f32At(out, entry));
    for (let part = from; part < to; part++) {
      const asked = load<f32>(f32At(lengths, part));
      let most = -f32.MAX_VALUE;
      for (let group: u32 = 0; group < groups; group++) {
        v128.store(work, differing(codes + <usize>group * bytes * GROUP, query + <usize>part * bytes, bytes));
        for (let i: u32 = 0; i < GROUP; i++) {
          const length = load<f32>(f32At(own, group * GROUP + i));
          const cosine = load<f32>(f32At(cosines, load<u8>(work + i)));
          most = max<f32>(most, length * (2 * asked * cosine - length));
        }
      }
      sum += most - asked * asked;
    }
    store<f32>(f32At(out, entry), sum);
  }
}
