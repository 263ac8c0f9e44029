import { crc32 } from "node:zlib";
import { assert, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { decodeBatch, decodeBatchOperations } from "../operation/batch.js";
import { decodeEnvelope, encodeEnvelope } from "./envelope.js";
import { envelopes } from "./message-arbitraries.test-support.js";

/** Mulberry32 (Tommy Ettinger, public domain): integers from 0 to `end` − 1. */
function numbersFrom(seed: number): (end: number) => number {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

type Numbers = ReturnType<typeof numbersFrom>;

/** Bytes that mean something to a msgpack reader: lengths, lists, maps, numbers, extensions. */
const TELLING = [0x00, 0x7f, 0x80, 0x90, 0x9f, 0xa0, 0xc0, 0xc1, 0xc4, 0xc6, 0xc9, 0xcb, 0xcf, 0xd3, 0xd9, 0xdb, 0xdc];
const MORE_TELLING = [0xdd, 0xde, 0xdf, 0xe0, 0xff];

function mutate(bytes: Uint8Array, other: Uint8Array, below: Numbers): Uint8Array {
  const at = below(bytes.byteLength + 1);
  const length = 1 + below(below(4) === 0 ? 64 : 4);
  const telling = [...TELLING, ...MORE_TELLING];
  switch (below(6)) {
    case 0: {
      const changed = bytes.slice();
      if (at < changed.byteLength) changed[at] = (changed[at] as number) ^ (1 << below(8));
      return changed;
    }
    case 1: {
      const changed = bytes.slice();
      if (at < changed.byteLength) changed[at] = telling[below(telling.length)] as number;
      return changed;
    }
    case 2:
      return bytes.slice(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4: {
      const inserted = Uint8Array.from({ length }, () => telling[below(telling.length)] as number);
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
    }
    default: {
      const from = below(other.byteLength + 1);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + length * 16), bytes.subarray(at)]);
    }
  }
}

/** Puts right checksums over the damage, so that the parsers behind them are reached. */
function seal(bytes: Uint8Array, checksumAt: number): Uint8Array {
  if (bytes.byteLength < checksumAt + 4) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(checksumAt, crc32(bytes.subarray(checksumAt + 4)), true);
  return bytes;
}

/** What a receiver does with a message up to its operations. */
function receive(bytes: Uint8Array): number {
  const { message } = decodeEnvelope(bytes);
  return message.kind === "operations" ? 1 + decodeBatchOperations(decodeBatch(message.batch)).length : 1;
}

/** What a fuzz run found: messages refused and, damaged as they were, read. */
export interface FuzzReport {
  readonly refused: number;
  readonly read: number;
  /** Batches whose damage lay inside them. */
  readonly batches: number;
}

/**
 * Feeds `count` damaged messages to the decoders of message, batch and operation: flipped, cut, spliced, with lengths that lie, under
 * right checksums. Throws when anything but `corrupt` comes out. Run at length:
 * `node -e 'import("./packages/core/dist/gossip/wire-fuzz.test-support.js").then((fuzz) => console.log(fuzz.fuzzWire(1, 1_000_000)))'`
 */
export function fuzzWire(seed: number, count: number): FuzzReport {
  const below = numbersFrom(seed);
  const samples = fc.sample(envelopes, { numRuns: 400, seed });
  // every other one is signed
  const sealing = { session: 1, count: 1, sign: () => new Uint8Array(64) };
  const sources = samples.map((envelope, i) => ({
    envelope,
    bytes: encodeEnvelope(envelope, i % 2 === 0 ? undefined : sealing),
  }));
  let refused = 0;
  let read = 0;
  let batches = 0;
  for (let run = 0; run < count; run += 1) {
    const { envelope, bytes } = sources[below(sources.length)] as (typeof sources)[number];
    const other = (sources[below(sources.length)] as (typeof sources)[number]).bytes;
    const { message } = envelope;
    let damaged: Uint8Array;
    if (message.kind === "operations" && below(4) !== 0) {
      // inside of the batch, under its own checksum
      let batch: Uint8Array = message.batch;
      for (let times = 1 + below(3); times > 0; times -= 1) batch = mutate(batch, other, below);
      damaged = encodeEnvelope({ ...envelope, message: { ...message, batch: seal(batch.slice(), 1) } });
      batches += 1;
    } else {
      damaged = bytes;
      for (let times = 1 + below(3); times > 0; times -= 1) damaged = mutate(damaged, other, below);
      damaged = damaged.slice();
      // the version, and now and then the checksum, are left as they came out
      if (below(16) !== 0) damaged = seal(damaged, 1);
    }
    try {
      assert(receive(damaged) > 0, "a message that is read holds something");
      read += 1;
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code !== "corrupt") {
        throw new Error(`run ${run} of seed ${seed}: ${Buffer.from(damaged).toString("hex")}`, { cause: error });
      }
      refused += 1;
    }
  }
  return { refused, read, batches };
}
