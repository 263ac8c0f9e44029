import type { Json, Payload, PointId } from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import { compareHybridTimes, compareStamps, type Stamp } from "../causality/hybrid-clock.js";
import { vectorOfGraph } from "../operation/graph-key.js";
import { isPlanted } from "../planted.js";

// The state of a point is a product of last-writer-wins registers: one for existence, one per vector name, one per payload field.
// Every function here is pure and returns the state it was given when the operation changes nothing, so that a state can be put
// back by keeping the old one. Operations of one point commute as far as they are concurrent; causal order is the caller's.

/** A vector of a point: the node that holds its winning version, or no node when its last writer removed it. */
export interface VectorRegister {
  readonly stamp: Stamp;
  readonly dot: Dot | undefined;
}

/** A point as a replica holds it, a deleted one too: what each write of it left. Vectors themselves are in the graphs. */
export interface PointState {
  readonly id: PointId;
  /** Of the winning upsert or delete. */
  readonly stamp: Stamp;
  /** Was that an upsert? A deleted point is kept as a tombstone: later concurrent writes must find its stamp. */
  readonly exists: boolean;
  /** Sequence of the operation with the latest stamp of all that the point consists of. */
  readonly version: number;
  /** By vector name; never older than `stamp`. */
  readonly vectors: { readonly [name: string]: VectorRegister };
  readonly payload: Payload;
  /** Of every field without a stamp of its own. Never older than `stamp`. */
  readonly payloadStamp: Stamp;
  /** Fields written later than `payloadStamp`; one that is not in `payload` was deleted. */
  readonly fieldStamps: { readonly [field: string]: Stamp };
}

const noStamps: PointState["fieldStamps"] = {};

/** A vector as a write leaves it: the node that holds it, or none when it was removed. */
export interface WrittenVector {
  readonly name: string;
  readonly dot: Dot | undefined;
}

/** An operation as its writer's place in time. */
export interface Write {
  readonly stamp: Stamp;
  readonly sequence: number;
}

function isLater(a: Stamp, b: Stamp): boolean {
  if (isPlanted("tie-by-arrival")) return compareHybridTimes(a.time, b.time) >= 0;
  return compareStamps(a, b) > 0;
}

/** The latest of all that the point consists of. */
export function latestStamp(state: PointState): Stamp {
  let latest = state.payloadStamp;
  for (const { stamp } of Object.values(state.vectors)) if (isLater(stamp, latest)) latest = stamp;
  for (const stamp of Object.values(state.fieldStamps)) if (isLater(stamp, latest)) latest = stamp;
  return latest;
}

/** The version once `write` has its part in the point: a write that arrives late does not number what was written after it. */
function versionWith(state: PointState | undefined, write: Write): number {
  return state === undefined || isLater(write.stamp, latestStamp(state)) ? write.sequence : state.version;
}

function laterEntries<T>(
  entries: { readonly [name: string]: T },
  stampOf: (entry: T) => Stamp,
  than: Stamp,
): [string, T][] {
  return Object.entries(entries).filter(([, entry]) => isLater(stampOf(entry), than));
}

/**
 * Payload with fields written apart put over it. Fields come sorted then, so that the text of a payload does not depend on the order
 * in which its fields arrived.
 */
function withFields(payload: Payload, fields: Iterable<readonly [string, Json | undefined]>): Payload {
  const all = new Map<string, Json | undefined>(Object.entries(payload));
  for (const [name, value] of fields) all.set(name, value);
  const kept = [...all].filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A whole new payload as of `write`; fields written later stay. */
function replacePayload(
  state: PointState | undefined,
  payload: Payload,
  write: Write,
): Pick<PointState, "payload" | "payloadStamp" | "fieldStamps"> {
  if (state === undefined) return { payload, payloadStamp: write.stamp, fieldStamps: noStamps };
  if (isLater(state.payloadStamp, write.stamp)) {
    return { payload: state.payload, payloadStamp: state.payloadStamp, fieldStamps: state.fieldStamps };
  }
  const later = laterEntries(state.fieldStamps, (stamp) => stamp, write.stamp);
  if (later.length === 0) return { payload, payloadStamp: write.stamp, fieldStamps: noStamps };
  return {
    payload: withFields(
      payload,
      later.map(([name]) => [name, Object.hasOwn(state.payload, name) ? state.payload[name] : undefined]),
    ),
    payloadStamp: write.stamp,
    fieldStamps: Object.fromEntries(later),
  };
}

function replacePoint(
  state: PointState | undefined,
  write: Write,
  next: {
    readonly id: PointId;
    readonly exists: boolean;
    readonly vectors: readonly WrittenVector[];
    readonly payload: Payload;
  },
): PointState {
  if (state !== undefined && !isLater(write.stamp, state.stamp) && !isPlanted("last-arrival-wins")) return state;
  const vectors: { [name: string]: VectorRegister } = {};
  for (const { name, dot } of next.vectors) vectors[name] = { stamp: write.stamp, dot };
  if (state !== undefined) {
    for (const [name, register] of laterEntries(state.vectors, (entry) => entry.stamp, write.stamp))
      vectors[name] = register;
  }
  return {
    id: next.id,
    stamp: write.stamp,
    exists: next.exists,
    version: versionWith(state, write),
    vectors,
    ...replacePayload(state, next.payload, write),
  };
}

/** The vectors that a write gives a point: those inserted under its own dot, by name, and those kept from earlier operations. */
function writtenVectors(write: Write, inserted: readonly string[], kept: readonly WrittenVector[]): WrittenVector[] {
  const dot = { origin: write.stamp.origin, sequence: write.sequence };
  // whatever graph an operation names: a vector has one register
  return [...inserted.map((name) => ({ name: vectorOfGraph(name), dot })), ...kept.map(registerOf)];
}

const registerOf = (written: WrittenVector): WrittenVector => ({ ...written, name: vectorOfGraph(written.name) });

/** The point is replaced, or made, with these vectors (inserted under the operation's dot, or kept) and this payload. */
export function upsertPoint(
  state: PointState | undefined,
  write: Write,
  point: {
    readonly id: PointId;
    readonly vectors: readonly string[];
    readonly kept?: readonly WrittenVector[];
    readonly payload: Payload;
  },
): PointState {
  const { id, payload, kept = [] } = point;
  return replacePoint(state, write, { id, exists: true, vectors: writtenVectors(write, point.vectors, kept), payload });
}

/** The point is deleted; an unknown one leaves a tombstone. */
export function deletePoint(state: PointState | undefined, write: Write, id: PointId): PointState {
  return replacePoint(state, write, { id, exists: false, vectors: [], payload: {} });
}

function writeVectors(state: PointState, write: Write, vectors: readonly WrittenVector[]): PointState {
  if (!isLater(write.stamp, state.stamp)) return state;
  const won = vectors.filter(({ name }) => {
    const register = Object.hasOwn(state.vectors, name) ? state.vectors[name] : undefined;
    return register === undefined || isLater(write.stamp, register.stamp);
  });
  if (won.length === 0) return state;
  const registers = Object.fromEntries(won.map(({ name, dot }) => [name, { stamp: write.stamp, dot }]));
  return { ...state, version: versionWith(state, write), vectors: { ...state.vectors, ...registers } };
}

/** These vectors have new versions, inserted under the operation's dot, or are kept; others stay. */
export function updatePointVectors(
  state: PointState,
  write: Write,
  names: readonly string[],
  kept: readonly WrittenVector[] = [],
): PointState {
  return writeVectors(state, write, writtenVectors(write, names, kept));
}

export function deletePointVectors(state: PointState, write: Write, names: readonly string[]): PointState {
  return writeVectors(
    state,
    write,
    names.map((name) => ({ name: vectorOfGraph(name), dot: undefined })),
  );
}

function writeFields(
  state: PointState,
  write: Write,
  fields: readonly (readonly [string, Json | undefined])[],
): PointState {
  const won = fields.filter(([name]) => {
    const own = Object.hasOwn(state.fieldStamps, name) ? state.fieldStamps[name] : undefined;
    return isLater(write.stamp, own ?? state.payloadStamp) || isPlanted("fields-last-arrival");
  });
  if (won.length === 0) return state;
  return {
    ...state,
    version: versionWith(state, write),
    payload: withFields(state.payload, won),
    fieldStamps: { ...state.fieldStamps, ...Object.fromEntries(won.map(([name]) => [name, write.stamp])) },
  };
}

/** Top-level fields are set; the later writer wins each field by itself. */
export function setPointFields(state: PointState, write: Write, fields: Payload): PointState {
  return writeFields(state, write, Object.entries(fields));
}

export function deletePointFields(state: PointState, write: Write, names: readonly string[]): PointState {
  return writeFields(
    state,
    write,
    names.map((name) => [name, undefined]),
  );
}

/** The whole payload is replaced (by nothing: cleared); fields written later stay. */
export function replacePointPayload(state: PointState, write: Write, payload: Payload): PointState {
  if (!isLater(write.stamp, state.payloadStamp)) return state;
  // not of the payload before, which may have to be read from the disk
  const { id, stamp, exists, vectors } = state;
  return { id, stamp, exists, version: versionWith(state, write), vectors, ...replacePayload(state, payload, write) };
}

/** The node that holds the visible version of a vector, by its key or that of one of its graphs. */
export function visibleDot(state: PointState | undefined, key: string): Dot | undefined {
  const name = vectorOfGraph(key);
  if (state === undefined || !state.exists || !Object.hasOwn(state.vectors, name)) return undefined;
  return state.vectors[name]?.dot;
}

/** Keys of the vectors that the point has, not of their graphs (`Shard.shownGraph`). */
export function visibleVectorNames(state: PointState): string[] {
  if (!state.exists) return [];
  return Object.keys(state.vectors).filter((name) => state.vectors[name]?.dot !== undefined);
}
