/** Runs between two collections. A full one throws optimised code away, so that the runs after it are slow again. */
const RUNS = 25;

let runs = 0;

/** A run is over: its graphs, which reserve 4 GiB of address space each, are given back from time to time (with `--expose-gc`). */
export function collectSometimes(): void {
  if (++runs % RUNS === 0) (globalThis as { gc?: () => void }).gc?.();
}
