import { limits } from "../limits.js";

/**
 * Watches the clocks of others against the own. The last message counts: a message that was long on its way makes its sender look behind
 * until the next one comes, which is better than writing with a wrong time until a few have come.
 */
export class ClockGuard {
  readonly #offsetMs = new Map<number, number>();

  /** A replica said its time; `nowMs` is the own when that arrived. */
  note(replica: number, theirMs: number, nowMs: number): void {
    this.#offsetMs.set(replica, theirMs - nowMs);
  }

  forget(replica: number): void {
    this.#offsetMs.delete(replica);
  }

  /** How far a replica's clock was ahead when last heard, the way of the message included; negative: behind. */
  offsetMs(replica: number): number | undefined {
    return this.#offsetMs.get(replica);
  }

  /** Those of the members whose clock disagrees with the own by more than the bound, in the order given. */
  offenders(active: readonly number[]): number[] {
    return active.filter((id) => Math.abs(this.#offsetMs.get(id) ?? 0) > limits.clockDriftMsMax);
  }

  /**
   * Is the own clock the one that is wrong: do more than half of the members, this one counted as agreeing with itself, disagree with it
   * by more than the bound?
   */
  selfDisagrees(active: readonly number[]): boolean {
    return this.offenders(active).length * 2 > active.length;
  }

  /** How far the own clock is ahead of the middle one of those that disagree with it, in milliseconds; negative: behind. 0: none does. */
  ownAheadMs(active: readonly number[]): number {
    const offsets = this.offenders(active).map((id) => this.#offsetMs.get(id) ?? 0);
    offsets.sort((a, b) => a - b);
    return 0 - (offsets[offsets.length >> 1] ?? 0);
  }
}
