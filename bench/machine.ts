import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

/** Where a benchmark ran. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
}

/** This machine. */
export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** Processes that ran or wanted to, on average over the last minute: what a figure by the clock has to be read beside. */
export function machineLoad(): number {
  return Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100;
}
