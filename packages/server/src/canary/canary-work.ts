import type { GraphReader } from "@murmuration/index";
import { noteBeside, whyFull } from "../engine/memory-guard.js";
import type { SampledQuery } from "../read/query-tap.js";
import { CanaryGraph } from "./canary-graph.js";
import { lookEveryMs, lookShare, waitingQueriesMax } from "./canary-limits.js";
import { Comparison } from "./comparison.js";
import type { CanaryFigures, CanaryParameters } from "./messages.js";

/** What the canary's thread does, slice by slice. It is given its clock. */
export class CanaryWork {
  readonly #first: GraphReader;
  readonly #graph: CanaryGraph;
  readonly #comparison: Comparison;
  readonly #memory: Int32Array;
  readonly #nowMs: () => number;
  readonly #waiting: SampledQuery[] = [];
  #pass: Generator<void, number> | undefined;
  #passBeganMs: number;
  #passMs = 0;
  /** The first graph's count of changes when this pass began, and when the last complete one had. */
  #passChanges = 0;
  #seenChanges: number | undefined;
  /** When the first graph was last looked at and found as the canary is. */
  #levelMs: number;
  #nextLookMs = 0;
  #isComplete = false;
  #dropped = 0;

  /** Throws `capacity` where no memory is left. */
  constructor(
    first: GraphReader,
    { links, efConstruction }: CanaryParameters,
    memory: Int32Array,
    nowMs = () => performance.now(),
  ) {
    this.#first = first;
    this.#graph = new CanaryGraph(first, { ...first.options, links, efConstruction });
    this.#comparison = new Comparison(first, this.#graph, nowMs);
    this.#memory = memory;
    this.#nowMs = nowMs;
    this.#passBeganMs = this.#levelMs = nowMs();
  }

  get graph(): CanaryGraph {
    return this.#graph;
  }

  /** A query to be asked of both. Before the canary is complete, and beyond what waits at a time, it is dropped. */
  take(query: SampledQuery): void {
    if (!this.#isComplete || this.#waiting.length >= waitingQueriesMax) this.#dropped++;
    else this.#waiting.push(query);
  }

  /**
   * Work for about so long. Returns how many milliseconds there is nothing to do for, 0 where there is. Throws `capacity` where memory is full,
   * here or by what all data may take.
   */
  work(sliceMs: number): number {
    const untilMs = this.#nowMs() + sliceMs;
    do {
      const query = this.#waiting.shift();
      if (query !== undefined) {
        this.#comparison.compare(query);
        continue;
      }
      if (this.#pass === undefined) {
        const restMs = this.#nextLookMs - this.#nowMs();
        if (restMs > 0) return restMs;
        this.#look();
        if (this.#pass === undefined) continue;
      }
      this.#follow();
    } while (this.#nowMs() < untilMs);
    return 0;
  }

  /** Why there is no room for more, if so. */
  full(): string | undefined {
    noteBeside(this.#memory, this.#graph.bytes);
    return this.#isComplete ? undefined : whyFull(this.#memory);
  }

  figures(): CanaryFigures {
    const nowMs = this.#nowMs();
    const { compared, exact, overlap } = this.#comparison;
    const live = this.#first.linkedCount - this.#first.deadCount;
    const isLevel = this.#isComplete && this.#first.changes === this.#seenChanges;
    return {
      isComplete: this.#isComplete,
      ...this.#comparison.figures(),
      lagVectors: Math.abs(live - this.#graph.size),
      lagMs: isLevel ? 0 : nowMs - this.#levelMs,
      compared,
      exact,
      dropped: this.#dropped,
      ...(overlap === undefined ? {} : { overlap }),
    };
  }

  /** Begin a pass where something has changed. */
  #look(): void {
    const { changes } = this.#first;
    const nowMs = this.#nowMs();
    if (changes === this.#seenChanges) {
      this.#levelMs = nowMs;
      this.#nextLookMs = nowMs + lookEveryMs;
      return;
    }
    this.#pass = this.#graph.follow();
    this.#passBeganMs = nowMs;
    this.#passChanges = changes;
    this.#passMs = 0;
  }

  #follow(): void {
    const beganMs = this.#nowMs();
    const step = this.#pass?.next();
    const nowMs = this.#nowMs();
    this.#passMs += nowMs - beganMs;
    if (step?.done !== true) return;
    this.#pass = undefined;
    this.#seenChanges = this.#passChanges;
    this.#levelMs = this.#passBeganMs;
    this.#isComplete = true;
    // looking at what has not changed is not to take the processor from others
    const restMs = step.value === 0 ? this.#passMs / lookShare : 0;
    this.#nextLookMs = nowMs + Math.max(lookEveryMs, restMs);
  }
}
