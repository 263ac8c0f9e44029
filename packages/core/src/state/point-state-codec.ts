import { type Payload, type PointId, parsePayload, printPayload } from "@murmuration/index";
import { type Dot, isOrigin, isSequence } from "../causality/dot.js";
import type { HybridTime, Stamp } from "../causality/hybrid-clock.js";
import type { PointRow, StoredPoint } from "../log/op-log.js";
import { canonicalPayload } from "../operation/canonical-payload.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { PackedWriter } from "../operation/packed-writer.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { apartStateVersion, encodeApart, wholeStateVersion } from "../operation/stored-state.js";
import type { PointState, VectorRegister } from "./point-state.js";

const noPayload: Payload = {};

/** Fields of a state without its payload; numbers of a stamp, and of a vector's register. */
const REGISTERS = 13;
const STAMP_NUMBERS = 3;
const VECTOR_NUMBERS = 5;

const sortedKeys = (record: object): string[] => {
  const keys = Object.keys(record);
  return keys.length > 1 ? keys.sort() : keys;
};

/** The state with its payload, as checkpoints and messages have it. The id is kept beside it. Equal states give equal bytes. */
export function encodePointState(state: PointState): Uint8Array {
  return encodeMessage(fieldsOf(state));
}

/** The state as the log's projection of points keeps it: without its payload. */
export function encodeRegisters(state: PointState): Uint8Array {
  writeRegisters(state);
  return writer.take() ?? encodeApart(fieldsOf(state));
}

const writer = new PackedWriter();

/** What `encodeApart` makes of the fields of a state, in the same order. */
function writeRegisters(state: PointState): void {
  writer.list(REGISTERS);
  writer.count(apartStateVersion);
  writeStamp(state.stamp);
  writer.count(state.exists ? 1 : 0);
  writer.count(state.version);
  writeStamp(state.payloadStamp);
  const vectors = sortedKeys(state.vectors);
  writer.list(vectors.length);
  for (const name of vectors) writer.name(name);
  writer.list(vectors.length * VECTOR_NUMBERS);
  for (const name of vectors) {
    const { stamp, dot } = state.vectors[name] as VectorRegister;
    writeStamp(stamp);
    writer.count(dot?.origin ?? 0);
    writer.count(dot?.sequence ?? 0);
  }
  const fields = sortedKeys(state.fieldStamps);
  writer.list(fields.length);
  for (const name of fields) writer.name(name);
  writer.list(fields.length * STAMP_NUMBERS);
  for (const name of fields) writeStamp(state.fieldStamps[name] as Stamp);
}

function writeStamp({ time, origin }: Stamp): void {
  writer.count(time.wallMs);
  writer.count(time.counter);
  writer.count(origin);
}

/** The bytes of a payload as the log keeps it, and as answers print it. */
export function encodeStoredPayload(payload: Payload): Uint8Array {
  return Buffer.from(printPayload(payload));
}

function fieldsOf(state: PointState): unknown[] {
  // every write of a point comes through here: lists are filled, not joined
  const { stamp, payloadStamp } = state;
  const vectors = sortedKeys(state.vectors);
  const registers: number[] = [];
  for (const name of vectors) {
    const { stamp: of, dot } = state.vectors[name] as VectorRegister;
    registers.push(of.time.wallMs, of.time.counter, of.origin, dot?.origin ?? 0, dot?.sequence ?? 0);
  }
  const fields = sortedKeys(state.fieldStamps);
  const fieldStamps: number[] = [];
  for (const name of fields) {
    const { time, origin } = state.fieldStamps[name] as Stamp;
    fieldStamps.push(time.wallMs, time.counter, origin);
  }
  return [
    wholeStateVersion,
    stamp.time.wallMs,
    stamp.time.counter,
    stamp.origin,
    state.exists ? 1 : 0,
    state.version,
    payloadStamp.time.wallMs,
    payloadStamp.time.counter,
    payloadStamp.origin,
    state.payload,
    vectors,
    registers,
    fields,
    fieldStamps,
  ];
}

class StampReader {
  readonly #fields: FieldReader;
  /** Registers of one operation share its stamp: so do the objects. */
  #last: Stamp | undefined;

  constructor(fields: FieldReader) {
    this.#fields = fields;
  }

  read(fields = this.#fields): Stamp {
    const time: HybridTime = fields.time();
    const origin = fields.origin();
    const last = this.#last;
    if (last?.origin === origin && last.time.wallMs === time.wallMs && last.time.counter === time.counter) return last;
    this.#last = { time, origin };
    return this.#last;
  }
}

/** Two zeros are no dot. */
function readDot(fields: FieldReader, what: string): Dot | undefined {
  const origin = fields.integer();
  const sequence = fields.integer();
  if (origin === 0 && sequence === 0) return undefined;
  if (!isOrigin(origin) || !isSequence(sequence)) refuseMessage(`${what}: not a dot`);
  return { origin, sequence };
}

/** The state of bytes made by `encodePointState`. Throws `corrupt` for anything else. */
export function decodePointState(id: PointId, bytes: Uint8Array): PointState {
  return decode(id, bytes, undefined);
}

/** The state of a point that the log keeps; of one with its payload in it, where the log is an older one. Throws `corrupt`. */
export function decodeStoredPoint({ id, state, payload }: StoredPoint): PointState {
  return decode(id, state, payload === undefined ? noPayload : storedPayload(id, payload.bytes));
}

/** The state of a row, whose payload is had from `payload` when somebody asks for it first. Throws `corrupt`, then too. */
export function decodePointRow({ id, state, payloadKey }: PointRow, payload: () => Uint8Array): PointState {
  const decoded = decode(id, state, noPayload);
  if (payloadKey === 0) return decoded;
  let read: Payload | undefined;
  const { stamp, exists, version, vectors, payloadStamp, fieldStamps } = decoded;
  return {
    id,
    stamp,
    exists,
    version,
    vectors,
    get payload() {
      read ??= storedPayload(id, payload());
      return read;
    },
    payloadStamp,
    fieldStamps,
  };
}

function storedPayload(id: PointId, bytes: Uint8Array): Payload {
  const payload = parsePayload(bytes);
  let canonical: Payload | undefined;
  try {
    canonical = canonicalPayload(payload);
  } catch {
    // said below
  }
  return canonical === payload
    ? payload
    : refuseMessage(`stored point ${id}: its payload is not in its canonical form`);
}

/** `apart`: the payload, where it may be apart from the state. */
function decode(id: PointId, bytes: Uint8Array, apart: Payload | undefined): PointState {
  const what = `stored point ${id}`;
  const message = decodeMessage(bytes, what);
  const fields = new FieldReader(message, what);
  const version = fields.integer();
  const isApart = version === apartStateVersion && apart !== undefined;
  if (!isApart && version !== wholeStateVersion) refuseMessage(`${what}: format version is not known`);
  const stamps = new StampReader(fields);
  const stamp = stamps.read();
  const exists = fields.integer() === 1;
  const sequence = fields.sequence();
  const payloadStamp = stamps.read();
  const payload = isApart ? apart : fields.payload();
  const vectorNames = fields.names();
  const vectorFields = new FieldReader(fields.list(), what);
  const vectors: { [name: string]: VectorRegister } = {};
  for (const name of vectorNames) {
    vectors[name] = { stamp: stamps.read(vectorFields), dot: readDot(vectorFields, what) };
  }
  vectorFields.end();
  const fieldNames = fields.names();
  const stampFieldReader = new FieldReader(fields.list(), what);
  const fieldStamps: { [field: string]: Stamp } = {};
  for (const name of fieldNames) fieldStamps[name] = stamps.read(stampFieldReader);
  stampFieldReader.end();
  fields.end();
  return { id, stamp, exists, version: sequence, vectors, payload, payloadStamp, fieldStamps };
}
