import { assert, type Json, type Payload } from "@murmuration/index";
import { compareDots, type Dot } from "../causality/dot.js";
import { compareStamps, type Stamp } from "../causality/hybrid-clock.js";
import { encodeMessage } from "../operation/message.js";
import { sortedKeys } from "./digest.js";
import { latestStamp, type PointState, type VectorRegister } from "./point-state.js";

// The join of the semilattice that a point's states form: commutative, associative, idempotent. Where two registers have one stamp and
// different contents, which only damage brings about, the larger content wins: an arbitrary choice, and the same one everywhere.

/** The state that holds whatever is later of two states of one point, register by register. */
export function mergePointStates(a: PointState, b: PointState): PointState {
  assert(a.id === b.id, "states of one point are merged");
  const order = compareStamps(a.stamp, b.stamp);
  const { stamp } = order >= 0 ? a : b;
  const exists = order === 0 ? a.exists || b.exists : order > 0 ? a.exists : b.exists;
  return {
    id: a.id,
    stamp,
    exists,
    version: mergedVersion(a, b),
    vectors: mergedVectors(a, b, stamp),
    ...mergedPayload(a, b),
  };
}

function mergedVersion(a: PointState, b: PointState): number {
  const order = compareStamps(latestStamp(a), latestStamp(b));
  if (order === 0) return Math.max(a.version, b.version);
  return order > 0 ? a.version : b.version;
}

/** Registers that are not older than what the point was last replaced by. */
function mergedVectors(a: PointState, b: PointState, stamp: Stamp): PointState["vectors"] {
  const merged: { [name: string]: VectorRegister } = {};
  for (const [name, register] of [...Object.entries(a.vectors), ...Object.entries(b.vectors)]) {
    if (compareStamps(register.stamp, stamp) < 0) continue;
    const other = Object.hasOwn(merged, name) ? merged[name] : undefined;
    if (other === undefined || compareRegisters(register, other) > 0) merged[name] = register;
  }
  return merged;
}

function compareRegisters(a: VectorRegister, b: VectorRegister): number {
  return compareStamps(a.stamp, b.stamp) || compareOptionalDots(a.dot, b.dot);
}

function compareOptionalDots(a: Dot | undefined, b: Dot | undefined): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compareDots(a, b);
}

type PayloadRegisters = Pick<PointState, "payload" | "payloadStamp" | "fieldStamps">;
/** A field as it was last written; without a value it was deleted. */
interface Field {
  readonly stamp: Stamp;
  readonly value: Json | undefined;
}

function mergedPayload(a: PointState, b: PointState): PayloadRegisters {
  const order = compareStamps(a.payloadStamp, b.payloadStamp);
  const { payloadStamp } = order >= 0 ? a : b;
  const latest = order === 0 ? [a, b] : [order > 0 ? a : b];
  const whole = latest.flatMap(fieldsOfWhole);
  const apart = [...fieldsApart(a), ...fieldsApart(b)].filter(
    ([, { stamp }]) => compareStamps(stamp, payloadStamp) > 0,
  );
  const fields = new Map<string, Field>();
  for (const [name, field] of [...whole, ...apart]) {
    const other = fields.get(name);
    if (other === undefined || compareFields(field, other) > 0) fields.set(name, field);
  }
  const present = [...fields].filter(([, { value }]) => value !== undefined);
  const stamped = [...fields].filter(([, { stamp }]) => compareStamps(stamp, payloadStamp) > 0);
  const byName = <T>([x]: readonly [string, T], [y]: readonly [string, T]) => (x < y ? -1 : 1);
  const payload = Object.fromEntries(present.sort(byName).map(([name, { value }]) => [name, value])) as Payload;
  return {
    payload: stamped.length > 0 ? payload : asWritten(payload, latest),
    payloadStamp,
    fieldStamps: Object.fromEntries(stamped.sort(byName).map(([name, { stamp }]) => [name, stamp])),
  };
}

/**
 * The payload with its fields in the order in which they were written, as a point shows them while no field was written apart
 * (`withFields` in point-state.ts): that of a state that shows the same.
 */
function asWritten(payload: Payload, latest: readonly PayloadRegisters[]): Payload {
  const wanted = canonicalValue(payload);
  const [first] = latest
    .map((state) => state.payload)
    .filter((one) => Buffer.compare(canonicalValue(one), wanted) === 0)
    .sort((x, y) => Buffer.compare(encodeMessage([x]), encodeMessage([y])));
  return first ?? payload;
}

/** Fields that were written with the whole payload. */
function fieldsOfWhole({ payload, payloadStamp, fieldStamps }: PayloadRegisters): [string, Field][] {
  return Object.entries(payload)
    .filter(([name]) => !Object.hasOwn(fieldStamps, name))
    .map(([name, value]) => [name, { stamp: payloadStamp, value }]);
}

/** Fields that were written by themselves. */
function fieldsApart({ payload, fieldStamps }: PayloadRegisters): [string, Field][] {
  return Object.entries(fieldStamps).map(([name, stamp]) => [
    name,
    { stamp, value: Object.hasOwn(payload, name) ? payload[name] : undefined },
  ]);
}

function compareFields(a: Field, b: Field): number {
  const order = compareStamps(a.stamp, b.stamp);
  if (order !== 0) return order;
  return Buffer.compare(canonicalValue(a.value), canonicalValue(b.value));
}

/** No value is less than any. */
function canonicalValue(value: Json | undefined): Uint8Array {
  return value === undefined ? new Uint8Array(0) : encodeMessage([sortedKeys(value)]);
}
