import { compareStamps, type Stamp } from "../causality/hybrid-clock.js";
import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import type { Operation } from "../operation/operation.js";
import { latestStamp, type PointState } from "./point-state.js";

// What is said here of conflicts decides nothing: states are merged by their stamps alone (point-state.ts). It is told to whoever wants to see why
// a write is not what reads show.

/** A register of a point. */
export interface ContestedPart {
  readonly part: "point" | "payload" | "field" | "vector";
  /** Of a field; of a vector its key. */
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
  readonly parts: readonly ContestedPart[];
  /** Does the write win that came? */
  readonly isWon: boolean;
  readonly rule: ConflictRule;
}

interface Register extends ContestedPart {
  readonly stamp: Stamp;
}

const ofPoint = ({ stamp }: PointState): Register => ({ part: "point", stamp });
const ofPayload = ({ payloadStamp: stamp }: PointState): Register => ({ part: "payload", stamp });

function ofField({ fieldStamps, payloadStamp }: PointState, name: string): Register {
  return Object.hasOwn(fieldStamps, name)
    ? { part: "field", name, stamp: fieldStamps[name] as Stamp }
    : { part: "payload", stamp: payloadStamp };
}

function ofVector(state: PointState, name: string): Register {
  const register = Object.hasOwn(state.vectors, name) ? state.vectors[name] : undefined;
  return register === undefined ? ofPoint(state) : { part: "vector", name, stamp: register.stamp };
}

const allFields = (state: PointState) => Object.keys(state.fieldStamps).map((name) => ofField(state, name));
const allVectors = (state: PointState) => Object.keys(state.vectors).map((name) => ofVector(state, name));

/** The registers of a point that an operation would write. */
function registersOf(state: PointState, operation: Operation): Register[] {
  switch (operation.kind) {
    case "upsert":
    case "delete":
      return [ofPoint(state), ofPayload(state), ...allFields(state), ...allVectors(state)];
    case "update-vectors":
      return [...operation.vectors, ...operation.kept].map(({ name }) => ofVector(state, name));
    case "delete-vectors":
      return operation.names.map((name) => ofVector(state, name));
    case "set-payload":
      return Object.keys(operation.fields).map((name) => ofField(state, name));
    case "delete-payload":
      return operation.fields.map((name) => ofField(state, name));
    case "overwrite-payload":
    case "clear-payload":
      return [ofPayload(state), ...allFields(state)];
    default:
      return [];
  }
}

/** Does the operation change a part of a point, which has to be there? */
const isPartial = ({ kind }: Operation) => kind !== "upsert" && kind !== "delete";

/** Sequence of the write whose stamp this is, where the state says it; at least so much, where it says that. */
function knownSequence(state: PointState, held: Stamp): { readonly exactly?: number; readonly atLeast: number } {
  if (compareStamps(latestStamp(state), held) === 0) return { exactly: state.version, atLeast: state.version };
  let atLeast = 0;
  for (const { stamp, dot } of Object.values(state.vectors)) {
    if (compareStamps(stamp, held) === 0 && dot?.origin === held.origin) atLeast = Math.max(atLeast, dot.sequence);
  }
  return { atLeast };
}

/**
 * What is contested between an operation of another replica and the state that it finds: one entry for each other write, the latest first. `past`: all
 * that the operation's origin knew when it wrote it; `frontier`: all that is here. None where the operation knew of all that it writes over.
 */
export function contestedBy(
  state: PointState,
  operation: Operation,
  past: VersionVector,
  frontier: VersionVector,
): Contested[] {
  // deleted twice is deleted
  if (operation.kind === "delete" && !state.exists) return [];
  const mine: Stamp = { time: operation.time, origin: operation.origin };
  const staysDeleted = !state.exists && isPartial(operation);
  const deletes = operation.kind === "delete" && compareStamps(mine, state.stamp) > 0;
  const registers = staysDeleted ? [ofPoint(state)] : registersOf(state, operation);
  const writers: { readonly held: Stamp; readonly parts: ContestedPart[] }[] = [];
  for (const { stamp: held, ...part } of registers) {
    const { origin } = held;
    if (origin === mine.origin || sequenceOf(past, origin) >= sequenceOf(frontier, origin)) continue;
    const known = writers.find((one) => compareStamps(one.held, held) === 0);
    const isNamed = known?.parts.some((one) => one.part === part.part && one.name === part.name);
    if (known === undefined) writers.push({ held, parts: [part] });
    else if (isNamed !== true) known.parts.push(part);
  }
  const contested: Contested[] = [];
  for (const { held, parts } of writers) {
    const after = sequenceOf(past, held.origin);
    const through = sequenceOf(frontier, held.origin);
    const { exactly, atLeast } = knownSequence(state, held);
    const isLater = compareStamps(mine, held) > 0;
    // what one knows of has an earlier time
    const isSure = !isLater || atLeast > after;
    if (!isSure && exactly !== undefined) continue;
    const isWon = staysDeleted ? false : isLater || deletes;
    const rule: ConflictRule = isWon === isLater ? "later" : "no-return";
    contested.push({ held, heldSequence: exactly, isSure, after, through, parts, isWon, rule });
  }
  return contested.sort((a, b) => compareStamps(b.held, a.held));
}
