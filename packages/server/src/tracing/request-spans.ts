import type { ReadPart, SourceReport } from "@murmuration/index";
import type { AppliedTrace } from "../engine/traced-operations.js";
import type { RequestTiming } from "../request-timing.js";
import type { PartTimes } from "../timing/part-clock.js";
import { processClockAheadMs, processClockMs } from "../timing/process-clock.js";
import type { OpenSpan, SpanAttributes, Tracing } from "./tracing.js";

/** From the clocks of this process to milliseconds since 1970. */
const performanceOffsetMs = performance.timeOrigin;
const processOffsetMs = performanceOffsetMs - processClockAheadMs;

/** When something that `performance.now()` said was, in milliseconds since 1970. */
export const epochMs = (nowMs: number): number => nowMs + performanceOffsetMs;

function partOf(span: OpenSpan, name: string, times: PartTimes | undefined, attributes: SpanAttributes = {}): void {
  if (times === undefined) return;
  const { startMs, endMs, activeMs } = times;
  span.part({
    name,
    startMs: startMs + processOffsetMs,
    endMs: endMs + processOffsetMs,
    attributes: { ...attributes, "murmur.active_ms": activeMs },
  });
}

function attributesOf(part: ReadPart, source: SourceReport | undefined): SpanAttributes {
  const plan = source?.plans[0];
  if (part === "filter") {
    const filter = source?.filters[0];
    return filter === undefined ? {} : { "murmur.points": filter.points, "murmur.matches": filter.matches };
  }
  if (part !== "walk" || plan === undefined) return {};
  const width = plan.method === "graph" ? { "murmur.width": plan.width, "murmur.ef": plan.ef } : {};
  const matches = "matches" in plan ? { "murmur.matches": plan.matches } : {};
  return { "murmur.method": plan.method, ...matches, ...width };
}

/** Ends the span of a request that is answered, with the parts that its time went by in. */
export function endRequest(span: OpenSpan, timing: RequestTiming, statusCode: number): void {
  const nowMs = performance.now();
  span.part({ name: "parse", startMs: epochMs(timing.arrivedMs), endMs: epochMs(timing.takenMs ?? nowMs) });
  const { read, write } = timing;
  const [source] = read?.plan.sources ?? [];
  for (const part of ["filter", "walk", "rerank", "fetch", "render"] as const) {
    partOf(span, part, read?.parts[part], attributesOf(part, source));
  }
  for (const phase of ["plan", "append", "publish"] as const) partOf(span, phase, write?.parts[phase]);
  const error = statusCode >= 500 ? `status ${statusCode}` : undefined;
  span.end(epochMs(nowMs), { "http.response.status_code": statusCode }, error);
}

/** Spans of operations of another replica, from when their message came until they are read here. */
export function tellApplied(tracing: Tracing, traces: readonly AppliedTrace[]): void {
  const nowMs = processClockMs() + processOffsetMs;
  for (const { shard, origin, sequence, traceparent, arrivedMs, report } of traces) {
    const startMs = arrivedMs + processOffsetMs;
    const attributes = { "murmur.shard": shard, "murmur.origin": origin, "murmur.sequence": sequence };
    const span = tracing.begin({ name: "replicate", kind: "consumer", startMs, attributes }, { traceparent });
    if (span === undefined) continue;
    span.part({ name: "receive", startMs, endMs: report.whole.startMs + processOffsetMs });
    for (const phase of ["check", "apply", "append", "publish"] as const) partOf(span, phase, report.parts[phase]);
    span.part({ name: "visible", startMs: report.whole.endMs + processOffsetMs, endMs: nowMs });
    span.end(nowMs);
  }
}
