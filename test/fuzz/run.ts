import { describeFinding, type Finding, type Fuzzer, fuzzRound } from "./fuzzer.js";
import { operationsFuzzer } from "./operations/operations.js";
import { bodiesFuzzer } from "./rest/bodies.js";
import { restTextFuzzer } from "./rest/rest-text.js";
import { rowsFuzzer } from "./rows/rows.js";
import { wireFuzzer } from "./wire/wire.js";

/** Every fuzzer there is. */
export const fuzzers: readonly Fuzzer[] = [operationsFuzzer, bodiesFuzzer, restTextFuzzer, rowsFuzzer, wireFuzzer];

/** How long, what and from where. */
export interface FuzzOptions {
  /** Of the first round; the others count on from it. */
  readonly seed: number;
  /** On the clock of `performance.now()`: no round begins after it. */
  readonly endMs: number;
  /** At most so many rounds of each fuzzer. */
  readonly rounds: number;
  /** Names of fuzzers; empty: all. */
  readonly only: readonly string[];
  /** Told before every input. */
  readonly onRun: (progress: FuzzProgress) => void;
  readonly onFinding: (finding: Finding, text: string) => void;
}

/** What is being fed. */
export interface FuzzProgress {
  readonly fuzzer: string;
  readonly seed: number;
  /** Inputs so far, over all fuzzers. */
  readonly runs: number;
}

/** What came of one fuzzer. */
export interface FuzzRow {
  readonly fuzzer: string;
  readonly what: string;
  readonly rounds: number;
  readonly runs: number;
  readonly seconds: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly finding: Finding | undefined;
}

/** Seeds are those of fast-check: 32 bits with a sign. */
export const SEED_MAX = 2 ** 31 - 1;

/** Rounds of all fuzzers in turn, until the time is over; a fuzzer that found something is done. */
export async function runFuzz({ seed, endMs, rounds, only, onRun, onFinding }: FuzzOptions): Promise<FuzzRow[]> {
  const chosen = fuzzers.filter(({ name }) => only.length === 0 || only.includes(name));
  const rows = new Map(chosen.map(({ name, what }) => [name, emptyRow(name, what)]));
  let runs = 0;
  for (let round = 0; round < rounds; round++) {
    const roundSeed = (seed + round) % (SEED_MAX + 1);
    for (const fuzzer of chosen) {
      const row = rows.get(fuzzer.name) as FuzzRow;
      if (row.finding !== undefined || performance.now() >= endMs) continue;
      const beganMs = performance.now();
      const report = await fuzzRound(fuzzer, roundSeed, {
        onRun: () => onRun({ fuzzer: fuzzer.name, seed: roundSeed, runs: ++runs }),
      });
      rows.set(fuzzer.name, {
        ...row,
        rounds: row.rounds + 1,
        runs: row.runs + report.runs,
        seconds: row.seconds + (performance.now() - beganMs) / 1_000,
        counts: sumOf(row.counts, report.counts),
        finding: report.finding,
      });
      if (report.finding !== undefined) onFinding(report.finding, describeFinding(report.finding));
    }
    const isDone = [...rows.values()].every(({ finding }) => finding !== undefined);
    if (isDone || performance.now() >= endMs) break;
  }
  return [...rows.values()];
}

function emptyRow(fuzzer: string, what: string): FuzzRow {
  return { fuzzer, what, rounds: 0, runs: 0, seconds: 0, counts: {}, finding: undefined };
}

function sumOf(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
