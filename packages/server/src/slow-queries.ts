import { type Json, type PlanReport, printJson, type SourceReport } from "@murmuration/index";
import type { OtherMetric } from "./metrics.js";
import { spelled } from "./read/spelled.js";
import type { RequestTiming, TimedPart } from "./request-timing.js";

/** So many are kept, the newest. */
export const slowQueriesKept = 128;
/** Lines in a minute; those beyond are counted. */
const LINES_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
/** Characters of a plan in a line; of a longer one only its first sources are told, without their filters. */
const PLAN_CHARACTERS_MAX = 8 * 1024;
const SOURCES_OF_LONG = 4;

/** A request on a collection that was slow: plain data, as it may come from another thread. */
export interface SlowQuery {
  readonly method: string;
  /** The route. */
  readonly endpoint: string;
  readonly collection: string;
  /** Of the read, or of the command. */
  readonly kind: string;
  readonly statusCode: number;
  readonly tookMs: number;
  readonly parts: readonly TimedPart[];
  /** Missing where nothing was read. */
  readonly plan?: PlanReport | undefined;
}

/** Note a request that is answered, if it was slow. */
export function noteIfSlow(
  slow: SlowQueries,
  timing: RequestTiming,
  asked: Omit<SlowQuery, "tookMs" | "parts" | "plan">,
): void {
  const nowMs = performance.now();
  const tookMs = nowMs - timing.arrivedMs;
  if (slow.isSlow(tookMs)) slow.note({ ...asked, tookMs, parts: timing.parts(nowMs), plan: timing.read?.plan });
}

const rounded = (ms: number) => Math.round(ms * 1_000) / 1_000;

/** One that was noted, as it is logged and shown. */
export type SlowQueryLine = { readonly [field: string]: unknown };

/** The requests that took longer than so: a line each, with plan, counts and times, and nothing of what they looked for. */
export class SlowQueries {
  readonly thresholdMs: number;
  readonly #write: (line: SlowQueryLine) => void;
  readonly #nowMs: () => number;
  readonly #kept: SlowQueryLine[] = [];
  #minuteMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #untold = 0;
  #noted = 0;
  #leftOut = 0;

  /** 0: none are noted. `write` takes what is logged. */
  constructor(
    thresholdMs: number,
    write: (line: SlowQueryLine) => void,
    nowMs: () => number = () => performance.now(),
  ) {
    this.thresholdMs = thresholdMs;
    this.#write = write;
    this.#nowMs = nowMs;
  }

  get isOn(): boolean {
    return this.thresholdMs > 0;
  }

  isSlow(tookMs: number): boolean {
    return this.isOn && tookMs > this.thresholdMs;
  }

  /** All that were slow, and those of them that no line tells of. */
  get counts() {
    return { noted: this.#noted, leftOut: this.#leftOut };
  }

  get metric(): OtherMetric {
    const help = "requests that took longer than --slow-query-ms";
    return { name: "murmur_slow_queries_total", help, value: this.#noted, isTotal: true };
  }

  /** The newest first. */
  list(limit: number): readonly SlowQueryLine[] {
    return this.#kept.slice(-limit).reverse();
  }

  /** Note one that was slow. */
  note(query: SlowQuery): void {
    this.#noted++;
    const nowMs = this.#nowMs();
    if (nowMs - this.#minuteMs >= MINUTE_MS) {
      this.#minuteMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines >= LINES_PER_MINUTE) {
      this.#untold++;
      this.#leftOut++;
      return;
    }
    this.#lines++;
    const line = { ...lineOf(query), ...(this.#untold > 0 ? { left_out_before: this.#untold } : {}) };
    this.#untold = 0;
    this.#kept.push(line);
    if (this.#kept.length > slowQueriesKept) this.#kept.shift();
    this.#write(line);
  }
}

function lineOf({ method, endpoint, collection, kind, statusCode, tookMs, parts, plan }: SlowQuery): SlowQueryLine {
  return {
    at: new Date().toISOString(),
    method,
    endpoint,
    collection,
    kind,
    status: statusCode,
    took_ms: rounded(tookMs),
    parts_ms: Object.fromEntries(parts.map(({ name, ms }) => [name, rounded(ms)])),
    ...(plan === undefined ? {} : { plan: planOf(plan) }),
  };
}

function planOf(plan: PlanReport): Json {
  const whole = printJson(
    spelled({
      ...(plan.sources.length === 0 ? {} : { sources: plan.sources.map(sourceOf) }),
      ...(plan.filters.length === 0 ? {} : { filters: plan.filters }),
      ...(plan.plans.length === 0 ? {} : { plans: plan.plans }),
      ...(plan.sourcesLeftOut === 0 ? {} : { sourcesLeftOut: plan.sourcesLeftOut }),
    }),
  );
  if (whole.length <= PLAN_CHARACTERS_MAX) return JSON.parse(whole) as Json;
  const some = plan.sources.slice(0, SOURCES_OF_LONG);
  const sources = some.map(({ kind, using, limit, plans }) => ({
    kind,
    using,
    limit,
    plans: plans.slice(0, SOURCES_OF_LONG).map((one) => ({ ...one })),
  }));
  return { is_cut: true, sources, sources_left_out: plan.sources.length - some.length + plan.sourcesLeftOut };
}

function sourceOf({ kind, using, limit, filters, plans, walks, comparedAll, prefetch }: SourceReport): unknown {
  return {
    kind,
    using,
    limit,
    ...(filters.length === 0 ? {} : { filters }),
    plans,
    ...(walks.length === 0 ? {} : { walks }),
    ...(comparedAll ? { comparedAll } : {}),
    ...(prefetch.length === 0 ? {} : { prefetch: prefetch.map(sourceOf) }),
  };
}
