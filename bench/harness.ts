import { SingleBar } from "cli-progress";

/** What a benchmark is asked for. */
export interface BenchOptions {
  /** Ends within 45 s: fewer rounds, fewer vectors where building is measured. */
  readonly quick: boolean;
  /** So many vectors or points instead of the benchmark's own number, where it can take another. */
  readonly points?: number | undefined;
  /** So many dimensions, where a benchmark takes more than one number of them. */
  readonly dimensions?: number | undefined;
  /** One part of a benchmark only. */
  readonly only?: string | undefined;
  /** The command line of the server that is measured, where a benchmark starts one (default: this checkout's). */
  readonly server?: string | undefined;
}

/** One line of a benchmark's table. */
export type BenchRow = Readonly<Record<string, string | number>>;

/** What a benchmark found, and `--json` prints. */
export interface BenchResult {
  readonly bench: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly rows: readonly BenchRow[];
  /** Named figures: ratios to peers measured in the same run, and the few absolute ones that are promised. */
  readonly ratios: Readonly<Record<string, number>>;
  /** What a chart is drawn from, where that is more than the rows. */
  readonly series?: readonly BenchRow[];
}

/** A benchmark: one per file, registered in main.ts. */
export interface Benchmark {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  run(options: BenchOptions): Promise<BenchResult> | BenchResult;
}

/** CPU time of this process in seconds: other processes on a shared machine do not count. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Wall-clock time in seconds, from an arbitrary start. */
export function wallSeconds(): number {
  return performance.now() / 1000;
}

/** Middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new Error("median of nothing");
  return (upper + lower) / 2;
}

/** The value below which a share (0 to 1) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new Error("quantile of nothing");
  return value;
}

/** Work that is timed against other work. */
export interface Contestant {
  readonly name: string;
  /** Runs right before each timed run, so that nobody inherits another's caches. */
  warmUp(): void;
  run(): void;
}

/**
 * Times contestants in turn, round by round, so that a slow moment of the machine hits all of them. Returns the seconds
 * by the clock of every round by contestant, in the order given.
 */
export function interleave(
  contestants: readonly Contestant[],
  rounds: number,
  label: string,
  clock: () => number = cpuSeconds,
): number[][] {
  const seconds: number[][] = contestants.map(() => []);
  const progress = progressBar(label, rounds * contestants.length);
  for (let round = 0; round < rounds; round++) {
    contestants.forEach((contestant, i) => {
      contestant.warmUp();
      const start = clock();
      contestant.run();
      seconds[i]?.push(clock() - start);
      progress.step();
    });
  }
  progress.stop();
  return seconds;
}

/** Progress on stderr, on a terminal only. */
export function progressBar(label: string, total: number): { step(): void; stop(): void } {
  if (!process.stderr.isTTY) return { step: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${label} {bar} {value}/{total}`,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), stop: () => bar.stop() };
}

/** One line on stderr, on a terminal only. */
export function say(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

/** A number with its thousands set apart and as many decimals as say something. */
export function readable(value: number): string {
  const decimals = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A table with aligned columns; numbers to the right. */
export function table(rows: readonly BenchRow[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: string | number | undefined): string =>
    value === undefined ? "" : typeof value === "number" ? readable(value) : value;
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const isNumber = columns.map((column) => rows.some((row) => typeof row[column] === "number"));
  return lines
    .map((line) =>
      line
        .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A result as people read it. */
export function describeResult({ bench, params, rows, ratios }: BenchResult): string {
  const settings = Object.entries(params).map(([name, value]) => `${name} ${value}`);
  const figures = Object.entries(ratios).map(([figure, value]) => ({ figure, value }));
  return [`${bench} (${settings.join(", ")})`, table(rows), ...(figures.length > 0 ? [table(figures)] : [])].join(
    "\n\n",
  );
}
