import { MurmurationError } from "@murmuration/index";
import { stackOf } from "../threads/stack.js";

/** What is told in the same words is told again after so long. */
const AGAIN_MS = 60_000;

/** Keeps what goes wrong in one turn of the engine's thread from ending the thread: it is told, and the next turn comes. */
export class TurnGuard {
  readonly #tell: (what: string, why: string) => void;
  readonly #toldMs = new Map<string, number>();

  constructor(tell: (what: string, why: string) => void) {
    this.#tell = tell;
  }

  /** Runs a turn; false when it failed. */
  run(what: string, turn: () => void): boolean {
    try {
      turn();
      return true;
    } catch (error) {
      this.note(what, stackOf(error), error instanceof MurmurationError ? error.code : "internal");
      return false;
    }
  }

  /** Tell of a fault, unless it was told lately. */
  note(what: string, why: string, code = "internal"): void {
    const words = `${what} ${code} ${why}`;
    const nowMs = performance.now();
    if (nowMs - (this.#toldMs.get(words) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    // few texts are told within the time; the rest is of no more use
    if (this.#toldMs.size > 1000) this.#toldMs.clear();
    this.#toldMs.set(words, nowMs);
    this.#tell(what, why);
  }
}
