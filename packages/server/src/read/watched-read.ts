import { type Interruption, PlanRecorder, type ReadPart, type ReadWatch, type Sliced } from "@murmuration/index";
import { PartClock } from "../timing/part-clock.js";
import type { ReadReport } from "./read-report.js";

/** Watches one read with a clock. */
export class WatchedRead implements ReadWatch {
  readonly plan = new PlanRecorder();
  readonly isDry: boolean;
  readonly #clock = new PartClock<ReadPart>();

  constructor(isDry = false) {
    this.isDry = isDry;
  }

  enter(part: ReadPart): void {
    this.#clock.enter(part);
  }

  /** The same work; while it is interrupted, nothing is counted. */
  *timed<T>(work: Sliced<T>): Generator<Interruption, T, void> {
    try {
      for (;;) {
        this.#clock.start();
        const step = work.next();
        this.#clock.stop();
        if (step.done === true) return step.value;
        yield step.value;
      }
    } finally {
      work.return(undefined as T);
    }
  }

  report(): ReadReport {
    return { ...this.#clock.report(), plan: this.plan.report() };
  }
}
