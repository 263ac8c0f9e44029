import { type Payload, type PointId, vectorIndexLimits } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { type HybridTime, isHybridTime } from "../causality/hybrid-clock.js";
import { emptyVersionVector, type VersionVector } from "../causality/version-vector.js";
import { canonicalPayload } from "./canonical-payload.js";
import { decodeMessage, isEncodingOf } from "./message.js";
import { isOperationFormat, type OperationFormat } from "./operation-format.js";
import { uuidFromBytes } from "./point-id-field.js";
import { type UpsertBody, upsertFormat } from "./upsert.js";
import { decodeVector } from "./vector-encoding.js";
import { kindOfDense } from "./vector-kind.js";
import type { VectorVersion } from "./vector-version.js";

/** What the bytes of an upsert say. */
export interface PlainUpsert {
  readonly time: HybridTime;
  readonly dependencies: VersionVector;
  readonly body: UpsertBody;
}

/** First bytes: an array of the nine fields that an upsert has, and one of the four or, in format 1, three of a vector. */
const UPSERT_FIELDS = 0x99;
const VECTOR_FIELDS = 0x94;
const UNTAGGED_FIELDS = 0x93;
const EMPTY_LIST = 0x90;
const ONE_VECTOR = 0x91;
const EMPTY_MAP = 0x80;
const UUID_BYTES = 16;
const NONE = -1;

/** Reads what `encodeMessage` writes in one way only. Each answer that is `NONE`, or nothing, ends the reading. */
class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++] ?? NONE;
  }

  /** An integer from 0, in as few bytes as it is written with. */
  count(): number {
    const head = this.byte();
    if (head < 0x80) return head;
    if (head === 0xcc) return this.#wide(1, 0x80);
    if (head === 0xcd) return this.#wide(2, 0x100);
    if (head === 0xce) return this.#wide(4, 0x10000);
    return head === 0xcb ? this.#beyond32Bits() : NONE;
  }

  #wide(bytes: number, least: number): number {
    const end = this.at + bytes;
    if (end > this.bytes.byteLength) return NONE;
    let value = 0;
    for (; this.at < end; this.at++) value = value * 256 + (this.bytes[this.at] as number);
    return value >= least ? value : NONE;
  }

  /** As a double. */
  #beyond32Bits(): number {
    const { bytes, at } = this;
    this.at += 8;
    if (this.at > bytes.byteLength) return NONE;
    const value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0);
    return Number.isSafeInteger(value) && value >= 2 ** 32 ? value : NONE;
  }

  /** A view. */
  binary(): Uint8Array | undefined {
    const head = this.byte();
    let length = NONE;
    if (head === 0xc4) length = this.#wide(1, 0);
    else if (head === 0xc5) length = this.#wide(2, 0x100);
    else if (head === 0xc6) length = this.#wide(4, 0x10000);
    const from = this.at;
    if (length === NONE || from + length > this.bytes.byteLength) return undefined;
    this.at = from + length;
    return this.bytes.subarray(from, this.at);
  }

  /** A name of at most 31 characters of ASCII. */
  name(): string | undefined {
    const head = this.byte();
    if (head < 0xa0 || head >= 0xc0) return undefined;
    const end = this.at + (head & 31);
    if (end > this.bytes.byteLength) return undefined;
    let name = "";
    for (; this.at < end; this.at++) {
      const code = this.bytes[this.at] as number;
      if (code >= 0x80) return undefined;
      name += String.fromCharCode(code);
    }
    return name === "__proto__" ? undefined : name;
  }
}

/**
 * The upsert of bytes that are spelled as most operations are: one f32 vector, no kept ones, an id of at most 53 bits or a UUID. It is what the
 * general way makes of them, in a third of its time: nothing is built that is not kept, and the spelling is checked on the way. `undefined`: to be
 * read in the general way, which also says what is wrong. Views are of `bytes`, as there.
 */
export function readPlainUpsert(bytes: Uint8Array): PlainUpsert | undefined {
  if (bytes[0] !== UPSERT_FIELDS) return undefined;
  // a Buffer would make every binary in it a Buffer
  const isPlain = Object.getPrototypeOf(bytes) === Uint8Array.prototype;
  const cursor = new Cursor(isPlain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  cursor.at = 1;
  const format = cursor.count();
  if (!isOperationFormat(format) || cursor.count() !== upsertFormat.number) return undefined;
  const wallMs = cursor.count();
  const counter = cursor.count();
  if (!isHybridTime(wallMs, counter)) return undefined;
  const dependencies = readDependencies(cursor);
  if (dependencies === undefined) return undefined;
  const id = readId(cursor);
  if (id === undefined || cursor.byte() !== ONE_VECTOR) return undefined;
  const vector = readVector(cursor, format);
  if (vector === undefined) return undefined;
  const payload = readPayload(cursor);
  if (payload === undefined) return undefined;
  return {
    time: { wallMs, counter },
    dependencies,
    body: { kind: "upsert", id, vectors: [vector], payload, kept: [] },
  };
}

function readDependencies(cursor: Cursor): VersionVector | undefined {
  const head = cursor.byte();
  if (head === EMPTY_LIST) return emptyVersionVector;
  const numbers = head - EMPTY_LIST;
  if (numbers < 0 || numbers >= 16 || numbers % 2 !== 0) return undefined;
  const vector = new Map<number, number>();
  let last = 0;
  for (let i = 0; i < numbers; i += 2) {
    const origin = cursor.count();
    const sequence = cursor.count();
    if (!isOrigin(origin) || !isSequence(sequence) || origin <= last) return undefined;
    vector.set(origin, sequence);
    last = origin;
  }
  return vector;
}

function readId(cursor: Cursor): PointId | undefined {
  if (cursor.bytes[cursor.at] === 0xc4) {
    const bytes = cursor.binary();
    return bytes?.byteLength === UUID_BYTES ? uuidFromBytes(bytes) : undefined;
  }
  const id = cursor.count();
  return id === NONE ? undefined : id;
}

function readVector(cursor: Cursor, format: OperationFormat): VectorVersion | undefined {
  if (cursor.byte() !== (format === 1 ? UNTAGGED_FIELDS : VECTOR_FIELDS)) return undefined;
  const name = cursor.name();
  if (name === undefined || (format !== 1 && cursor.count() !== kindOfDense("f32"))) return undefined;
  const values = cursor.binary();
  const delta = cursor.binary();
  if (values === undefined || delta === undefined) return undefined;
  if (values.byteLength > 4 * vectorIndexLimits.dimensions.max) return undefined;
  const vector = unless(() => decodeVector(values, "f32", ""));
  return vector === undefined ? undefined : { name, values: vector, delta };
}

/** The payload, and after it the empty list of kept vectors that ends the operation. */
function readPayload(cursor: Cursor): Payload | undefined {
  const { bytes, at } = cursor;
  const last = bytes.byteLength - 1;
  if (at >= last || bytes[last] !== EMPTY_LIST) return undefined;
  if (at === last - 1) return bytes[at] === EMPTY_MAP ? {} : undefined;
  const spelled = bytes.subarray(at, last);
  return unless(() => {
    const value = decodeMessage(spelled, "");
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const isCanonical = canonicalPayload(value as Payload) === value && isEncodingOf(spelled, value);
    return isCanonical ? (value as Payload) : undefined;
  });
}

/** What a reading gives, unless it throws: the general way says why. */
function unless<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
