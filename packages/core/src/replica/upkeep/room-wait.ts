import { MurmurationError } from "@murmuration/index";
import { limits } from "../../limits.js";

/**
 * One kind of upkeep of one shard, as long as its graph has no room for it: tried again after a time that doubles up to a bound, so that a
 * full graph costs next to nothing. The others go on: it is purging that makes room.
 */
export class RoomWait {
  #failures = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  /** Was there no room when it was tried last? */
  get lacksRoom(): boolean {
    return this.#failures > 0;
  }

  /** There is more room than before: try again at once. */
  noteRoom(): void {
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
  }

  /** May it be tried now? */
  mayTry(nowMs: number): boolean {
    // also when the clock was put back
    return !this.lacksRoom || nowMs >= this.#retryAtMs || this.#retryAtMs - nowMs > limits.upkeepRoomRetryMsMax;
  }

  noteDone(): void {
    this.#failures = 0;
  }

  noteFailure(nowMs: number): void {
    this.#retryAtMs =
      nowMs + Math.min(limits.upkeepRoomRetryMs * 2 ** Math.min(this.#failures, 16), limits.upkeepRoomRetryMsMax);
    this.#failures++;
  }

  /** Do a step whose writes may find no room. `undefined`: there was none, or it is not tried yet. */
  attempt<Done>(nowMs: number, step: () => Done): Done | undefined {
    if (!this.mayTry(nowMs)) return undefined;
    try {
      const done = step();
      this.noteDone();
      return done;
    } catch (error) {
      if (!(error instanceof MurmurationError && error.code === "capacity")) throw error;
      this.noteFailure(nowMs);
      return undefined;
    }
  }
}
