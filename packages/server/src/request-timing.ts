import type { WriteOptions } from "./engine/database.js";
import type { PhaseReport } from "./engine/watched-replica.js";
import type { ReadReport } from "./read/read-report.js";

/** A part of the time that a request took. */
export interface TimedPart {
  /** A token of HTTP. */
  readonly name: string;
  readonly ms: number;
  readonly description?: string;
}

/** How a request's time went by: gathered while it is answered, where somebody asks. Costs nothing elsewhere. */
export class RequestTiming {
  readonly arrivedMs: number;
  #takenMs: number | undefined;
  #waitedMs = 0;
  #read: ReadReport | undefined;
  #write: PhaseReport | undefined;

  /** `arrivedMs`: on the clock of `performance.now()`. */
  constructor(arrivedMs: number) {
    this.arrivedMs = arrivedMs;
  }

  /** When it was parsed and checked. */
  get takenMs(): number | undefined {
    return this.#takenMs;
  }

  get read(): ReadReport | undefined {
    return this.#read;
  }

  get write(): PhaseReport | undefined {
    return this.#write;
  }

  /** It was parsed and checked. */
  taken(): void {
    this.#takenMs ??= performance.now();
  }

  waited(ms: number): void {
    this.#waitedMs += ms;
  }

  /** A read was answered: what since it was asked for it was not at work, it has waited. */
  answered(report: ReadReport | undefined, askedMs = this.#takenMs ?? this.arrivedMs): void {
    this.#read = report;
    this.#waitedMs += Math.max(0, performance.now() - askedMs - (report?.whole.activeMs ?? 0));
  }

  /** The same of a write. A request may write several times: the last one is shown. */
  written(tookMs: number, report: PhaseReport | undefined): void {
    this.#write = report;
    this.#waitedMs += Math.max(0, tookMs - (report?.whole.activeMs ?? 0));
  }

  /** In the order in which they begin. */
  parts(nowMs: number): TimedPart[] {
    const found: TimedPart[] = [];
    const put = (name: string, ms: number | undefined, description?: string) => {
      if (ms !== undefined) found.push({ name, ms, ...(description === undefined ? {} : { description }) });
    };
    put("parse", (this.#takenMs ?? nowMs) - this.arrivedMs);
    put("wait", this.#waitedMs);
    const parts: ReadReport["parts"] = this.#read?.parts ?? {};
    put("filter", parts.filter?.activeMs);
    put("walk", parts.walk?.activeMs, this.#read && methodsOf(this.#read));
    put("rerank", parts.rerank?.activeMs);
    put("fetch", parts.fetch?.activeMs);
    const phases: PhaseReport["parts"] = this.#write?.parts ?? {};
    put("plan", phases.plan?.activeMs);
    put("append", phases.append?.activeMs);
    put("publish", phases.publish?.activeMs);
    put("render", parts.render?.activeMs);
    put("total", nowMs - this.arrivedMs);
    return found;
  }
}

/** By what points were found: `graph`, or several where several were. */
function methodsOf({ plan }: ReadReport): string | undefined {
  const methods = new Set<string>();
  const look = ({ plans, comparedAll, prefetch }: ReadReport["plan"]["sources"][number]) => {
    for (const { method } of plans) methods.add(method);
    if (comparedAll) methods.add("exact");
    for (const one of prefetch) look(one);
  };
  for (const source of plan.sources) look(source);
  for (const { method } of plan.plans) methods.add(method);
  return methods.size === 0 ? undefined : [...methods].join("+");
}

/** The header Server-Timing (W3C, https://www.w3.org/TR/server-timing/); `dur` in milliseconds. */
export function serverTimingText(parts: readonly TimedPart[]): string {
  return parts
    .map(({ name, ms, description }) => {
      const duration = `${name};dur=${(Math.round(ms * 1_000) / 1_000).toString()}`;
      return description === undefined ? duration : `${duration};desc="${description}"`;
    })
    .join(", ");
}

/** What a write is told beside its command. */
export type ToldWrite = Pick<WriteOptions, "watched" | "onReport">;

/** Does a write, and notes how long it took. `traceparent`: of the trace that it is a part of. */
export async function timedWrite<T>(
  timing: RequestTiming,
  traceparent: string | undefined,
  write: (told: ToldWrite) => Promise<T>,
): Promise<T> {
  const beganMs = performance.now();
  let report: PhaseReport | undefined;
  const onReport = (one: PhaseReport) => {
    report = one;
  };
  try {
    return await write({ watched: traceparent === undefined ? {} : { traceparent }, onReport });
  } finally {
    timing.written(performance.now() - beganMs, report);
  }
}
