import { parseJson } from "../../json.js";
import type { Id } from "../../looking/link-to-point.js";
import type { ServerEvent } from "./event-stream.js";

/** Operations that the page holds; older ones go. */
export const HELD_MAX = 1_000;
/** Characters of one operation that the page keeps. */
const TEXT_MAX = 20_000;

/** An operation as it is listed. */
export interface ListedOperation {
  /** Counts up in this page. */
  readonly number: number;
  readonly kind: string;
  readonly dot: string;
  readonly atMs: number;
  readonly ids: readonly Id[];
  /** The whole of it. */
  readonly data: unknown;
  /** Too large to be kept whole. */
  readonly isCut: boolean;
}

interface Told {
  readonly dot?: unknown;
  readonly wall_ms?: unknown;
  readonly id?: unknown;
  readonly ids?: unknown;
}

const isId = (value: unknown): value is Id =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "string";

/** The operation of an event; `undefined`: the event is about the stream itself, or not understood. */
export function operationOf({ event, data }: ServerEvent, number: number): ListedOperation | undefined {
  let told: Told;
  try {
    const value = parseJson(data);
    if (typeof value !== "object" || value === null) return undefined;
    told = value as Told;
  } catch {
    return undefined;
  }
  if (typeof told.dot !== "string") return undefined;
  const ids = Array.isArray(told.ids) ? told.ids.filter(isId) : isId(told.id) ? [told.id] : [];
  const isCut = data.length > TEXT_MAX;
  return {
    number,
    kind: event,
    dot: told.dot,
    atMs: typeof told.wall_ms === "number" ? told.wall_ms : Number.NaN,
    ids,
    data: isCut ? `${data.slice(0, TEXT_MAX)}…` : told,
    isCut,
  };
}

/** The latest first, as many as are held. */
export function withLatest(
  held: readonly ListedOperation[],
  come: readonly ListedOperation[],
): readonly ListedOperation[] {
  return [...come.toReversed(), ...held].slice(0, HELD_MAX);
}

/** Those of the kinds and points that are looked for. `point`: part of an id. */
export function matching(
  held: readonly ListedOperation[],
  hidden: ReadonlySet<string>,
  point: string,
): readonly ListedOperation[] {
  return held.filter(
    ({ kind, ids }) => !hidden.has(kind) && (point === "" || ids.some((id) => String(id).includes(point))),
  );
}
