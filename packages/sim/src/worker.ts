import { countMarks, marks } from "@murmuration/core/marks";
import { type PlantedBug, plant } from "@murmuration/core/planted";
import type { Violation } from "./checkers/checker.js";
import { collectSometimes } from "./collect.js";
import { makeScenario } from "./scenario.js";
import { runScenario } from "./world.js";

/** What a worker is asked to do. */
export interface WorkRequest {
  readonly seed: number;
  readonly profile: string;
  /** Run it twice and compare the traces. */
  readonly twice: boolean;
  readonly bug?: PlantedBug;
  /** Planners of each replica, where not as many as the seed draws. */
  readonly planners?: number;
}

/** What it answers. */
export interface WorkAnswer {
  readonly seed: number;
  readonly violation?: Violation;
  readonly simulatedMs: number;
  readonly writes: number;
  readonly ms: number;
  readonly marks: readonly (readonly [string, number])[];
}

/** A worker's message: the answer, or why there is none. */
export type WorkReply = { readonly answer: WorkAnswer } | { readonly ended: string };

/** Do it. */
export function work({ seed, profile, twice, bug, planners }: WorkRequest): WorkAnswer {
  plant(bug === undefined ? [] : [bug]);
  countMarks();
  marks.clear();
  const began = performance.now();
  const scenario = makeScenario(seed, profile, planners);
  const result = runScenario(scenario);
  let { violation } = result;
  if (twice && violation === undefined && runScenario(scenario).traceDigest !== result.traceDigest) {
    violation = { checker: "determinism", atMs: 0, detail: "two runs of one seed went differently" };
  }
  collectSometimes();
  return {
    seed,
    ...(violation === undefined ? {} : { violation }),
    simulatedMs: result.simulatedMs,
    writes: result.writes,
    ms: performance.now() - began,
    marks: [...marks],
  };
}

if (process.send !== undefined) {
  const reply = (request: WorkRequest): WorkReply => {
    try {
      return { answer: work(request) };
    } catch (error) {
      return { ended: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on("message", (request: WorkRequest) => process.send?.(reply(request)));
}
