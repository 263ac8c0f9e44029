import fc from "fast-check";

/** A fuzzer that is set up: what must hold of whatever it draws. */
export interface FuzzSession {
  /** Throws, or resolves to a rejection, for an input that breaks a rule. */
  readonly property: fc.IRawProperty<unknown>;
  /** How often what was reached, for people, and for tests that a round was not in vain. */
  counts(): Readonly<Record<string, number>>;
  end(): Promise<void>;
}

/** Something that feeds a part of the product with what nobody would send, and says what must hold all the same. */
export interface Fuzzer {
  readonly name: string;
  /** What is fed to whom, in a few words. */
  readonly what: string;
  /** Inputs in one round. A round is decided by its seed alone. */
  readonly runs: number;
  start(): Promise<FuzzSession>;
}

/** An input that breaks a rule, as small as it could be made. */
export interface Finding {
  readonly fuzzer: string;
  readonly seed: number;
  /** Place in the round, for `fast-check`. */
  readonly path: string;
  readonly error: string;
  readonly input: string;
}

/** What came of a round. */
export interface RoundReport {
  readonly runs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly finding: Finding | undefined;
}

/** Making an input smaller ends after so long: what is left then is shown. */
const SHRINK_MS_MAX = 60_000;
const INPUT_CHARACTERS_MAX = 4_000;

function shortened(text: string): string {
  return text.length <= INPUT_CHARACTERS_MAX ? text : `${text.slice(0, INPUT_CHARACTERS_MAX)}…`;
}

/** One round of a fuzzer: the same seed, the same inputs. */
export async function fuzzRound(fuzzer: Fuzzer, seed: number, { onRun = () => {} } = {}): Promise<RoundReport> {
  const session = await fuzzer.start();
  try {
    let failedAtMs: number | undefined;
    let runs = 0;
    const { property } = session;
    const watched: fc.IRawProperty<unknown> = {
      ...property,
      isAsync: () => property.isAsync(),
      generate: (random, runId) => property.generate(random, runId),
      shrink: (value) => property.shrink(value),
      runBeforeEach: () => property.runBeforeEach(),
      runAfterEach: () => property.runAfterEach(),
      run: ((value: unknown) => {
        if (failedAtMs !== undefined && performance.now() - failedAtMs > SHRINK_MS_MAX) return null;
        if (failedAtMs === undefined) runs++;
        onRun();
        const note = <T>(failure: T): T => {
          if (failure !== null) failedAtMs ??= performance.now();
          return failure;
        };
        const failure = property.run(value);
        return failure instanceof Promise ? failure.then(note) : note(failure);
      }) as typeof property.run,
    };
    const details = await fc.check(watched as never, { seed, numRuns: fuzzer.runs, verbose: 0 });
    if (!details.failed) return { runs, counts: session.counts(), finding: undefined };
    const error = details.errorInstance;
    const finding: Finding = {
      fuzzer: fuzzer.name,
      seed,
      path: details.counterexamplePath ?? "",
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      input: shortened(fc.stringify(details.counterexample)),
    };
    return { runs, counts: session.counts(), finding };
  } finally {
    await session.end();
  }
}

/** A finding as people read it, with what to run to see it again. */
export function describeFinding({ fuzzer, seed, error, input }: Finding): string {
  return [
    `${fuzzer}, seed ${seed}: ${error}`,
    `  with ${input}`,
    `  again: npm run fuzz -- --only ${fuzzer} --seed ${seed} --rounds 1`,
  ].join("\n");
}
