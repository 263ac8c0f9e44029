import { isDense, type Payload, type PointId, printPayload, type Vector } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { nameOfKey } from "../catalogue/vector-incarnation.js";
import { type Dot, dotText } from "../causality/dot.js";
import { compareHybridTimes, type Stamp } from "../causality/hybrid-clock.js";
import { limits } from "../limits.js";
import type { OpLog } from "../log/op-log.js";
import { decodeOperation } from "../operation/codec.js";
import type { Operation } from "../operation/operation.js";
import type { ContestedPart } from "../state/contested.js";
import type { NotedConflict } from "./commit/conflicts.js";
import type { ReplicaStore } from "./commit/store.js";
import { writableShardOf } from "./executor.js";

/** Some vector that a write gives a point, as far as it is shown. */
export interface ShownVector {
  readonly name: string;
  /** Numbers that it is of. */
  readonly size: number;
  /** Of a dense one: the first of them. */
  readonly begins?: readonly number[];
}

/** One of two writes. What it wrote is told as long as its operation is in the log. */
export interface ConflictSide {
  readonly origin: number;
  /** `origin:sequence`; `null`: which of its origin's operations it was is not known any more. */
  readonly dot: string | null;
  readonly time_ms: number;
  readonly counter: number;
  readonly in_log: boolean;
  readonly kind?: Operation["kind"];
  /** Of an upsert, or what replaces or changes a payload; left out where it is large. */
  readonly payload?: Payload;
  readonly payload_bytes?: number;
  /** Fields that it removes. */
  readonly removes?: readonly string[];
  readonly vectors?: readonly ShownVector[];
}

/** Two writes of one point that did not know of each other. */
export interface ConflictTold {
  readonly number: number;
  readonly id: PointId;
  /** What both of them wrote: `point`, `payload`, `field "a"` (`field` where the name is long), `vector "b"`, `vector` for the unnamed one. */
  readonly parts: readonly string[];
  /** Others that both wrote, where there are more than are named. */
  readonly more_parts?: number;
  readonly winner: "first" | "second";
  readonly reason: string;
  /** The one that was here first. */
  readonly first: ConflictSide;
  /** The one that came from elsewhere then. */
  readonly second: ConflictSide;
}

/** The latest conflicts of a collection that this replica has seen since its start. */
export interface ConflictsTold {
  readonly replica: number;
  /** Since the start, over all collections. */
  readonly seen: number;
  readonly conflicts: readonly ConflictTold[];
}

/** The operation of an origin with this time, among those behind `after` up to `through`; `undefined`: it is not, or not any more. */
function findByTime(log: OpLog, one: NotedConflict): Operation | undefined {
  const { shard, held } = one;
  let low = one.after + 1;
  let high = one.through;
  // times of an origin's operations ascend with their sequences
  while (low <= high) {
    const middle = low + Math.floor((high - low) / 2);
    const found = operationFrom(log, shard, { origin: held.origin, sequence: middle });
    if (found === undefined || found.sequence > high) {
      high = middle - 1;
      continue;
    }
    const order = compareHybridTimes(found.time, held.time);
    if (order === 0) return found;
    if (order < 0) low = found.sequence + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** The first operation of an origin that the log has from a sequence on. */
function operationFrom(log: OpLog, shard: string, { origin, sequence }: Dot): Operation | undefined {
  for (const entry of log.readOrigin(shard, origin, sequence - 1, 1))
    return decodeOperation(shard, origin, entry.sequence, entry.bytes);
  return undefined;
}

function operationAt(log: OpLog, shard: string, dot: Dot): Operation | undefined {
  const found = operationFrom(log, shard, dot);
  return found?.sequence === dot.sequence ? found : undefined;
}

const shownName = ({ part, name }: ContestedPart, collection: Collection): string => {
  if (name === undefined || (part === "vector" && name === "")) return part;
  return `${part} ${JSON.stringify(part === "vector" ? (nameOfKey(collection, name) ?? name) : name)}`;
};

function shownVector(name: string, vector: Vector): ShownVector {
  if (!isDense(vector)) return { name, size: vector.values.length };
  return { name, size: vector.length, begins: [...vector.subarray(0, limits.conflictVectorNumbersMax)] };
}

function payloadOf(operation: Operation): Payload | undefined {
  if ("payload" in operation) return operation.payload;
  return operation.kind === "set-payload" ? operation.fields : undefined;
}

/** What an operation wrote, as far as it is shown. */
function writtenBy(operation: Operation, collection: Collection): Partial<ConflictSide> {
  const payload = payloadOf(operation);
  const bytes = payload === undefined ? 0 : Buffer.byteLength(printPayload(payload));
  const isShown = payload !== undefined && bytes <= limits.conflictPayloadBytesMax;
  const nameOf = (key: string) => nameOfKey(collection, key) ?? key;
  const vectors = "vectors" in operation ? operation.vectors : [];
  const removes = operation.kind === "delete-payload" ? operation.fields : undefined;
  return {
    kind: operation.kind,
    ...(isShown ? { payload } : {}),
    ...(payload === undefined ? {} : { payload_bytes: bytes }),
    ...(removes === undefined ? {} : { removes }),
    ...(vectors.length === 0 ? {} : { vectors: vectors.map(({ name, values }) => shownVector(nameOf(name), values)) }),
  };
}

function sideOf(
  { time, origin }: Stamp,
  sequence: number | undefined,
  operation: Operation | undefined,
  collection: Collection,
): ConflictSide {
  return {
    origin,
    dot: sequence === undefined ? null : dotText({ origin, sequence }),
    time_ms: time.wallMs,
    counter: time.counter,
    in_log: operation !== undefined,
    ...(operation === undefined ? {} : writtenBy(operation, collection)),
  };
}

/** Why the winner won, for people (docs/convergence.md, "Points"). */
function reasonOf({ came, held, isWon, rule }: NotedConflict): string {
  if (rule === "no-return")
    return "a change of a part does not bring a deleted point back: the delete stands, though it is the earlier one";
  const [winner, loser] = isWon ? [came, held] : [held, came];
  const laterMs = winner.time.wallMs - loser.time.wallMs;
  const [by, over] = [`replica ${winner.origin}`, `replica ${loser.origin}`];
  if (laterMs > 0) return `the later write stands: ${by} wrote ${laterMs} ms after ${over}`;
  if (compareHybridTimes(winner.time, loser.time) > 0)
    return `the later write stands: both are of one millisecond, and the counter of ${by} is higher, ${winner.time.counter} over ${loser.time.counter}`;
  return `both have the same time: of equal times the one of the higher replica id stands, ${winner.origin} over ${loser.origin}`;
}

/**
 * The latest conflicts of a collection, the latest first, at most `limits.conflictsToldMax`. What both sides wrote is read from the log, as far as it is
 * there. Throws `not-found`, and what the log throws.
 */
export function conflictsOf(store: ReplicaStore, name: string, limit: number): ConflictsTold {
  const { shard } = writableShardOf(store, name);
  const { log, conflicts } = store;
  const { collection } = shard;
  const told: ConflictTold[] = [];
  for (const noted of conflicts.of(shard.id)) {
    if (told.length >= Math.min(limit, limits.conflictsToldMax)) break;
    const { came, held, id, number, isWon } = noted;
    const known = noted.heldSequence;
    const first =
      known === undefined
        ? findByTime(log, noted)
        : operationAt(log, shard.id, { origin: held.origin, sequence: known });
    if (known === undefined && (first !== undefined || !noted.isSure)) conflicts.resolve(noted, first?.sequence);
    if (first === undefined && !noted.isSure) continue;
    const second = operationAt(log, shard.id, came);
    told.push({
      number,
      id,
      parts: noted.parts.map((part) => shownName(part, collection)),
      ...(noted.moreParts > 0 ? { more_parts: noted.moreParts } : {}),
      winner: isWon ? "second" : "first",
      reason: reasonOf(noted),
      first: sideOf(held, known ?? first?.sequence, first, collection),
      second: sideOf(came, came.sequence, second, collection),
    });
  }
  return { replica: store.id, seen: conflicts.total, conflicts: told };
}
