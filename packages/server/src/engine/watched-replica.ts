import type { Phase, ReplicaWatch } from "@murmuration/core";
import { PartClock, type PartsReport } from "../timing/part-clock.js";

/** How long the phases of what the replica did took, on the clock of `processClockMs`. */
export type PhaseReport = PartsReport<Phase>;

/** A write of which is told how long it takes. */
export interface WatchedWrite {
  /** Of the trace that it is a part of: goes along with what it comes to (`Outgoing.context`). */
  readonly traceparent?: string;
}

/** Watches the replica with a clock, where somebody asks how long something takes; costs nothing else. */
export class WatchedReplica implements ReplicaWatch {
  #clock: PartClock<Phase> | undefined;

  enter(phase: Phase): void {
    this.#clock?.enter(phase);
  }

  /** Does something; `isWatched`: with a report of it. */
  run<T>(isWatched: boolean, act: () => T): { readonly done: T; readonly report: PhaseReport | undefined } {
    if (!isWatched) return { done: act(), report: undefined };
    const clock = new PartClock<Phase>();
    this.#clock = clock;
    try {
      clock.start();
      const done = act();
      clock.stop();
      return { done, report: clock.report() };
    } finally {
      this.#clock = undefined;
    }
  }
}
