import { type Command, type PointWrite, type Replica, selectsByFilter } from "@murmuration/core";
import { MurmurationError, type Sliced } from "@murmuration/index";
import type { Request } from "./messages.js";

export type Write = Extract<Request, { kind: "write" }>;
export type FilteredWrite = Write & { readonly command: PointWrite };

/** A filter is evaluated so long in one go; then other writes have their turn. */
const SLICE_MS = 4;
/** Writes whose filters are under way; beyond it they are refused. */
const WRITES_MAX = 256;
/** A write that says nothing has so long. */
const TIMEOUT_MS_DEFAULT = 60_000;

interface Open {
  readonly write: FilteredWrite;
  readonly work: Sliced<PointWrite>;
  readonly deadlineMs: number;
}

/** What is to be done with a write whose filter is evaluated. */
export interface FilteredWriteEnds {
  /** Nothing may come between: the points were found as of now. */
  readonly execute: (write: Write) => void;
  readonly refuse: (write: Write, error: unknown) => void;
}

/** Writes that select points by a filter: it is evaluated in slices, in turns with everything else that the engine does. */
export class FilteredWrites {
  readonly #replica: Pick<Replica, "resolveFilter">;
  readonly #ends: FilteredWriteEnds;
  readonly #nowMs: () => number;
  readonly #open: Open[] = [];

  constructor(
    replica: Pick<Replica, "resolveFilter">,
    ends: FilteredWriteEnds,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#replica = replica;
    this.#ends = ends;
    this.#nowMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Take a write; one whose filter costs little is executed at once. */
  take(write: FilteredWrite): void {
    if (this.#open.length >= WRITES_MAX) {
      const message = `${WRITES_MAX} writes whose filters take long are under way already`;
      this.#ends.refuse(write, new MurmurationError("unavailable", message));
      return;
    }
    const deadlineMs = this.#nowMs() + (write.timeoutMs ?? TIMEOUT_MS_DEFAULT);
    this.#goOn({ write, work: this.#replica.resolveFilter(write.command), deadlineMs });
  }

  /** Go on with one of them for a slice. */
  step(): void {
    const first = this.#open.shift();
    if (first !== undefined) this.#goOn(first);
  }

  /** Refuse all that are open. */
  refuseAll(error: MurmurationError): void {
    for (const { write, work } of this.#open.splice(0)) {
      work.return(write.command);
      this.#ends.refuse(write, error);
    }
  }

  #goOn(open: Open): void {
    const { write, work, deadlineMs } = open;
    let command: Command;
    try {
      const untilMs = this.#nowMs() + SLICE_MS;
      let step = work.next();
      while (step.done !== true) {
        const nowMs = this.#nowMs();
        if (nowMs >= deadlineMs) throw timedOut(write.timeoutMs ?? TIMEOUT_MS_DEFAULT);
        if (nowMs >= untilMs) {
          this.#open.push(open);
          return;
        }
        step = work.next();
      }
      command = step.value;
    } catch (error) {
      work.return(write.command);
      this.#ends.refuse(write, error);
      return;
    }
    this.#ends.execute({ ...write, command });
  }
}

function timedOut(timeoutMs: number): MurmurationError {
  const message = `the filter was not evaluated within ${timeoutMs / 1000} seconds: nothing was written`;
  return new MurmurationError("timeout", message, "timeout");
}

export function isFiltered(write: Write): write is FilteredWrite {
  return selectsByFilter(write.command);
}
