import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { type Lookup, MurmurationError, type PointId, type PointsQuery, type QueryTarget } from "@murmuration/index";
import type { ReaderAnswer, ReadingLimits } from "./readers.js";
import type { SearchesReading } from "./reading.js";

export const nothing = { payload: false, vectors: false } as const;
export const everything = { payload: true, vectors: true } as const;

export function limits(timeoutMs = 60_000, isAbandoned = () => false): ReadingLimits {
  return { deadlineMs: performance.now() + timeoutMs, timeoutMs, isAbandoned };
}

export function nearest(
  to: Float32Array | { readonly id: PointId; readonly lookupFrom?: Lookup },
  more: Partial<PointsQuery> = {},
): PointsQuery {
  const target: QueryTarget = to instanceof Float32Array ? { kind: "vector", vector: to } : { kind: "point", ...to };
  const rest = { using: "", limit: 10, offset: 0, parameters: {}, selection: nothing };
  return { node: { kind: "nearest", target }, ...rest, ...more };
}

export const searches = (list: SearchesReading["searches"], more: Partial<SearchesReading> = {}): SearchesReading => ({
  kind: "searches",
  searches: list,
  isBatch: false,
  shape: "points",
  ...more,
});

export function textOf({ pieces }: ReaderAnswer): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString("utf8"))).join("");
}

/** Do something again and again, with turns of the event loop in between, until it has come to what is waited for. */
export async function until(act: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!act()) {
    assert.ok(performance.now() < deadlineMs, "it came to nothing");
    await setImmediate();
  }
}

/** What an answer fails with. */
export async function failureOf(answer: Promise<ReaderAnswer>): Promise<MurmurationError> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof MurmurationError, `it fails: ${error}`);
  return error;
}
