import { compareStamps, type Stamp } from "../causality/hybrid-clock.js";
import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import type { Operation } from "../operation/operation.js";
import { latestStamp, type PointState } from "./point-state.js";

// What is said here of conflicts decides nothing: states are merged by their stamps alone (point-state.ts). It is told to whoever wants to see why
// a write is not what reads show.

/** A register of a point. */
export interface ContestedPart {
  readonly part: "point" | "payload" | "field" | "vector";
  /** Of a field, unless it is longer than is kept; of a vector its key. */
  readonly name?: string;
}

/**
 * Why one of two wins (docs/convergence.md, "Points"). later: by time, equal times by origin. no-return: a part that is written of a deleted point does
 * not bring it back.
 */
export type ConflictRule = "later" | "no-return";

/** Two writes of one point by different replicas that both write these parts of it, neither knowing of the other. */
export interface Contested {
  /** Of the write that stood there. */
  readonly held: Stamp;
  /** Its sequence, where it is known; it is behind `after` then. */
  readonly heldSequence: number | undefined;
  /**
   * Is it sure that the other did not know of it? Where not, it has to be found among the operations of its origin behind `after`: one that is not there
   * was known, and nothing is contested.
   */
  readonly isSure: boolean;
  /** What the other knew of its origin, and what is here of it. */
  readonly after: number;
  readonly through: number;
  /** The first of them, and how many others were seen. */
  readonly parts: readonly ContestedPart[];
  readonly moreParts: number;
  /** Does the write win that came? */
  readonly isWon: boolean;
  readonly rule: ConflictRule;
}

/** An operation of another replica that is looked at for all its points. */
export interface Looked {
  readonly operation: Operation;
  /** All that its origin knew when it wrote it. */
  readonly past: VersionVector;
  /** All that is here. */
  readonly frontier: VersionVector;
  /** Names of the fields or vectors that it writes, each once. */
  readonly names: readonly string[];
  /** Registers that may still be looked at. */
  registersLeft: number;
}

/** Begins to look at an operation for what it meets. */
export function lookAt(operation: Operation, past: VersionVector, frontier: VersionVector): Looked {
  const names = [...new Set(namesOf(operation))];
  return { operation, past, frontier, names, registersLeft: limits.conflictRegistersMax };
}

function namesOf(operation: Operation): readonly string[] {
  switch (operation.kind) {
    case "update-vectors":
      return [...operation.vectors, ...operation.kept].map(({ name }) => name);
    case "delete-vectors":
      return operation.names;
    case "set-payload":
      return Object.keys(operation.fields);
    case "delete-payload":
      return operation.fields;
    default:
      return [];
  }
}

type Meet = (part: ContestedPart["part"], name: string | undefined, stamp: Stamp) => void;

/** Gives the registers of a point that the operation would write, as many as may be looked at. */
function meetRegisters(state: PointState, looked: Looked, meet: Meet): void {
  const meetField = (name: string) => {
    if (Object.hasOwn(state.fieldStamps, name)) meet("field", name, state.fieldStamps[name] as Stamp);
    else meet("payload", undefined, state.payloadStamp);
  };
  const meetVector = (name: string) => {
    const register = Object.hasOwn(state.vectors, name) ? state.vectors[name] : undefined;
    if (register === undefined) meet("point", undefined, state.stamp);
    else meet("vector", name, register.stamp);
  };
  const meetAll = (names: readonly string[], meetOne: (name: string) => void) => {
    for (const name of names) {
      if (looked.registersLeft <= 0) return;
      looked.registersLeft--;
      meetOne(name);
    }
  };
  looked.registersLeft--;
  switch (looked.operation.kind) {
    case "upsert":
    case "delete":
      meet("point", undefined, state.stamp);
      meet("payload", undefined, state.payloadStamp);
      meetAll(Object.keys(state.fieldStamps), meetField);
      meetAll(Object.keys(state.vectors), meetVector);
      return;
    case "update-vectors":
    case "delete-vectors":
      meetAll(looked.names, meetVector);
      return;
    case "set-payload":
    case "delete-payload":
      meetAll(looked.names, meetField);
      return;
    case "overwrite-payload":
    case "clear-payload":
      meet("payload", undefined, state.payloadStamp);
      meetAll(Object.keys(state.fieldStamps), meetField);
      return;
    default:
  }
}

interface Writer {
  readonly held: Stamp;
  readonly parts: ContestedPart[];
  moreParts: number;
  /** These two are met once for each name that has no register of its own. */
  hasPoint: boolean;
  hasPayload: boolean;
}

function addPart(writer: Writer, part: ContestedPart["part"], name: string | undefined): void {
  if (part === "point" ? writer.hasPoint : part === "payload" && writer.hasPayload) return;
  if (part === "point") writer.hasPoint = true;
  if (part === "payload") writer.hasPayload = true;
  if (writer.parts.length >= limits.conflictPartsMax) writer.moreParts++;
  else if (name === undefined || name.length > limits.conflictNameCharactersMax) writer.parts.push({ part });
  else writer.parts.push({ part, name });
}

/** Does the operation change a part of a point, which has to be there? */
const isPartial = ({ kind }: Operation) => kind !== "upsert" && kind !== "delete";

/** Sequence of the write whose stamp this is, where the state says it; at least so much, where it says that. */
function knownSequence(
  state: PointState,
  latest: Stamp,
  held: Stamp,
): { readonly exactly?: number; readonly atLeast: number } {
  if (compareStamps(latest, held) === 0) return { exactly: state.version, atLeast: state.version };
  let atLeast = 0;
  for (const { stamp, dot } of Object.values(state.vectors)) {
    if (compareStamps(stamp, held) === 0 && dot?.origin === held.origin) atLeast = Math.max(atLeast, dot.sequence);
  }
  return { atLeast };
}

/**
 * What is contested between an operation of another replica and the state that it finds: one entry for each other write, the latest first. None where
 * the operation knew of all that it writes over. Takes what it looks at from what may be looked at.
 */
export function contestedBy(state: PointState, looked: Looked): Contested[] {
  const { operation, past, frontier } = looked;
  // deleted twice is deleted
  if (operation.kind === "delete" && !state.exists) return [];
  const staysDeleted = !state.exists && isPartial(operation);
  const writers = new Map<string, Writer>();
  let last: Writer | undefined;
  const meet: Meet = (part, name, held) => {
    const { origin, time } = held;
    if (origin === operation.origin || sequenceOf(past, origin) >= sequenceOf(frontier, origin)) return;
    if (last === undefined || compareStamps(last.held, held) !== 0) {
      const key = `${origin}:${time.wallMs}:${time.counter}`;
      last = writers.get(key) ?? { held, parts: [], moreParts: 0, hasPoint: false, hasPayload: false };
      writers.set(key, last);
    }
    addPart(last, part, name);
  };
  if (staysDeleted) meet("point", undefined, state.stamp);
  else meetRegisters(state, looked, meet);
  return writers.size === 0 ? [] : contestedWith([...writers.values()], state, looked, staysDeleted);
}

function contestedWith(
  writers: readonly Writer[],
  state: PointState,
  { operation, past, frontier }: Looked,
  staysDeleted: boolean,
): Contested[] {
  const mine: Stamp = { time: operation.time, origin: operation.origin };
  const deletes = operation.kind === "delete" && compareStamps(mine, state.stamp) > 0;
  const latest = latestStamp(state);
  const contested: Contested[] = [];
  for (const { held, parts, moreParts } of writers) {
    const after = sequenceOf(past, held.origin);
    const through = sequenceOf(frontier, held.origin);
    const { exactly, atLeast } = knownSequence(state, latest, held);
    const isLater = compareStamps(mine, held) > 0;
    // what one knows of has an earlier time
    const isSure = !isLater || atLeast > after;
    if (!isSure && exactly !== undefined) continue;
    const isWon = staysDeleted ? false : isLater || deletes;
    const rule: ConflictRule = isWon === isLater ? "later" : "no-return";
    contested.push({ held, heldSequence: exactly, isSure, after, through, parts, moreParts, isWon, rule });
  }
  return contested.sort((a, b) => compareStamps(b.held, a.held));
}
