import { limits } from "../limits.js";

/** Watches the clocks of others against the own. */
export class ClockGuard {
  readonly #offsetMs = new Map<number, number>();

  /** A replica said its time; `nowMs` is the own when that arrived. */
  note(replica: number, theirMs: number, nowMs: number): void {
    this.#offsetMs.set(replica, theirMs - nowMs);
  }

  /** How far a replica's clock was ahead when last heard, the way of the message included; negative: behind. */
  offsetMs(replica: number): number | undefined {
    return this.#offsetMs.get(replica);
  }

  /**
   * Is the own clock the one that is wrong: do more than half of the members, this one counted as agreeing with itself, disagree with it
   * by more than the bound?
   */
  selfDisagrees(active: readonly number[]): boolean {
    const off = active.filter((id) => Math.abs(this.#offsetMs.get(id) ?? 0) > limits.clockDriftMsMax);
    return off.length * 2 > active.length;
  }
}
