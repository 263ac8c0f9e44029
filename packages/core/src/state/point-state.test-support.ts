import type { Payload, PointId } from "@murmuration/index";
import fc from "fast-check";
import { payloads } from "../operation/arbitraries.test-support.js";
import type { KeptVector } from "../operation/vector-version.js";
import {
  deletePoint,
  deletePointFields,
  deletePointVectors,
  type PointState,
  replacePointPayload,
  setPointFields,
  updatePointVectors,
  upsertPoint,
  type Write,
} from "./point-state.js";

/** One of the functions under test with its arguments. */
export type PointWrite = Write &
  (
    | {
        readonly kind: "upsert";
        readonly vectors: readonly string[];
        readonly kept: readonly KeptVector[];
        readonly payload: Payload;
      }
    | { readonly kind: "delete" }
    | { readonly kind: "update-vectors"; readonly names: readonly string[]; readonly kept: readonly KeptVector[] }
    | { readonly kind: "delete-vectors"; readonly names: readonly string[] }
    | { readonly kind: "set-fields" | "replace-payload"; readonly payload: Payload }
    | { readonly kind: "delete-fields"; readonly names: readonly string[] }
  );

type Body = PointWrite extends infer Each
  ? Each extends PointWrite
    ? Omit<Each, "stamp" | "sequence">
    : never
  : never;

/** The state after a write. Whoever changes a part of a point has seen the point, so that a missing one stays missing. */
export function applyWrite(state: PointState | undefined, write: PointWrite, id: PointId = 7): PointState | undefined {
  if (write.kind === "upsert") return upsertPoint(state, write, { ...write, id });
  if (write.kind === "delete") return deletePoint(state, write, id);
  if (state === undefined) return undefined;
  switch (write.kind) {
    case "update-vectors":
      return updatePointVectors(state, write, write.names, write.kept);
    case "delete-vectors":
      return deletePointVectors(state, write, write.names);
    case "set-fields":
      return setPointFields(state, write, write.payload);
    case "delete-fields":
      return deletePointFields(state, write, write.names);
    case "replace-payload":
      return replacePointPayload(state, write, write.payload);
  }
}

const vectorNames = fc.subarray(["", "image", "text"]);
const kept: fc.Arbitrary<KeptVector[]> = fc
  .subarray(["kept", "other"])
  .map((names) => names.map((name) => ({ name, dot: { origin: 9, sequence: 1 } })));
const fieldNames = ["b", "a", "10", "nested", "constructor"] as const;
const fields: fc.Arbitrary<Payload> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...fieldNames), fc.oneof(fc.nat(3), payloads)), { selector: ([name]) => name })
  .map((entries) => Object.fromEntries(entries));

const wholes: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ kind: fc.constant("upsert" as const), vectors: vectorNames, kept, payload: fields }),
  fc.record({ kind: fc.constant("delete" as const) }),
);
const parts: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ kind: fc.constant("update-vectors" as const), names: vectorNames, kept }),
  fc.record({ kind: fc.constant("delete-vectors" as const), names: fc.subarray(["", "image", "kept"]) }),
  fc.record({ kind: fc.constantFrom("set-fields" as const, "replace-payload" as const), payload: fields }),
  fc.record({ kind: fc.constant("delete-fields" as const), names: fc.subarray([...fieldNames]) }),
);

type Start = readonly [startMs: number, first: Body, rest: readonly (readonly [gapMs: number, body: Body])[]];

const originWrites = (restMax: number): fc.Arbitrary<Start> =>
  fc.tuple(
    fc.nat(3),
    wholes,
    fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.oneof(wholes, parts, parts)), { maxLength: restMax }),
  );

function stamped([startMs, first, rest]: Start, originIndex: number): PointWrite[] {
  let wallMs = startMs;
  return [[0, first] as const, ...rest].map(([gapMs, body], i) => {
    wallMs += gapMs;
    const stamp = { time: { wallMs, counter: 0 }, origin: originIndex + 1 };
    return { ...body, stamp, sequence: i + 1 + 10 * originIndex } as PointWrite;
  });
}

/**
 * Writes of several origins to one point, by origin in the order in which each was made; writes of different origins are concurrent.
 * Times tie often. Every origin's first write makes or deletes the point.
 */
export const concurrentWrites: fc.Arbitrary<PointWrite[][]> = fc
  .oneof(
    fc.array(originWrites(2), { minLength: 2, maxLength: 2 }),
    fc.array(originWrites(1), { minLength: 3, maxLength: 3 }),
  )
  .map((origins) => origins.map(stamped));

/** Every order of all writes that keeps the order of each origin's own. */
export function interleavings<T>(lists: readonly (readonly T[])[]): T[][] {
  if (lists.every((list) => list.length === 0)) return [[]];
  return lists.flatMap((list, i) => {
    const [first, ...rest] = list;
    if (first === undefined) return [];
    return interleavings(lists.map((other, j) => (j === i ? rest : other))).map((order) => [first, ...order]);
  });
}

/** A state that several writes made. */
export const pointStates: fc.Arbitrary<PointState> = concurrentWrites.map((lists) => {
  let state: PointState | undefined;
  for (const write of lists.flat()) state = applyWrite(state, write);
  return state as PointState;
});
