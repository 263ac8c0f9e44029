import type { PlanRecorder } from "./plan-recorder.js";

/**
 * What a read does at a time. filter: rows that match. walk: candidates, by whatever they are found. rerank: ranking what was found again. fetch: what
 * is returned of a point. render: printing it.
 */
export type ReadPart = "filter" | "walk" | "rerank" | "fetch" | "render";

/** Is told what a read is doing and by which plan. Whoever watches has the clock: nothing here knows the time. */
export interface ReadWatch {
  readonly plan: PlanRecorder;
  /** What is decided is wanted alone: filters are evaluated, since plans depend on how many match, and nothing is searched. */
  readonly isDry: boolean;
  /** From here on the read does this, until it does something else. */
  enter(part: ReadPart): void;
}
