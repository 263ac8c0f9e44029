/**
 * Where work in slices may be interrupted. `pause`: others may run now, and what the work looks at may change before it goes on. `fixed`:
 * the answer is as of this very moment; what changes from here on does not change it.
 */
export type Interruption = "pause" | "fixed";

/**
 * Work in slices: whoever drives it decides when to go on, and ends it before its time by `return()`. It knows no clock: it offers a pause
 * whenever it has done about `stepsPerSlice` steps, some tenths of a millisecond.
 */
export type Sliced<T> = Generator<Interruption, T, void>;

/** A step is a test of one value or a record passed over: some tens of nanoseconds. */
export const stepsPerSlice = 4_096;

/** Counts the steps of work in slices, wherever in it they are done. */
export class Meter {
  /** Steps since the last pause. */
  steps = 0;

  /** Is a pause due? Then counting begins anew. */
  isDue(): boolean {
    if (this.steps < stepsPerSlice) return false;
    this.steps = 0;
    return true;
  }
}

/** Do all of the work at once. */
export function finish<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Work that is as of the moment at which its first slice ends: it says so. */
export function* fixedAtFirst<T>(work: Sliced<T>): Sliced<T> {
  try {
    let step = work.next();
    yield "fixed";
    for (;;) {
      if (step.done === true) return step.value;
      yield step.value;
      step = work.next();
    }
  } finally {
    work.return(undefined as T);
  }
}
