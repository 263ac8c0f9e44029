import { collectSometimes } from "./collect.js";
import type { Scenario } from "./scenario.js";
import { type RunResult, runScenario } from "./world.js";

/** Runs that shrinking may take. */
const RUNS_MAX = 400;

/**
 * The smallest part of `items` that still fails, as far as taking away ever smaller pieces finds it (delta debugging: Zeller and
 * Hildebrandt, 2002).
 */
export function smallest<T>(items: readonly T[], fails: (some: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  for (let size = Math.ceil(kept.length / 2); size >= 1 && kept.length > 0; ) {
    let removed = false;
    for (let from = 0; from < kept.length; ) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (fails(rest)) {
        kept = rest;
        removed = true;
      } else from += size;
    }
    if (!removed && size === 1) break;
    size = removed ? Math.min(size, Math.max(1, Math.ceil(kept.length / 2))) : Math.ceil(size / 2);
  }
  return kept;
}

/** The smallest workload and fault list of a failing scenario that still break the same rule. */
export function shrinkScenario(scenario: Scenario, onStep?: (result: RunResult) => void): RunResult {
  let best = runScenario(scenario);
  const rule = best.violation?.checker;
  if (rule === undefined) return best;
  let runs = 0;
  const fails = (candidate: Scenario): boolean => {
    if (runs++ >= RUNS_MAX) return false;
    const result = runScenario(candidate);
    collectSometimes();
    if (result.violation?.checker !== rule) return false;
    best = result;
    onStep?.(result);
    return true;
  };
  smallest(scenario.faults, (faults) => fails({ ...best.scenario, faults }));
  smallest(scenario.steps, (steps) => fails({ ...best.scenario, steps }));
  const { rates } = best.scenario;
  for (const rate of ["drop", "duplicate", "replay", "bitFlip", "jitter"] as const) {
    if (rates[rate] > 0) fails({ ...best.scenario, rates: { ...best.scenario.rates, [rate]: 0 } });
  }
  return best;
}
