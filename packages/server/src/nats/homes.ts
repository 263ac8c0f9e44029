import { natsLimits } from "./nats-limits.js";

interface Home<Peer> {
  readonly peer: Peer;
  /** Heard at the broker of its own region, or only where it was a visitor? */
  readonly isItsOwn: boolean;
  readonly atMs: number;
}

/** Where replicas were heard last, those heard longest ago forgotten beyond a bound. The broker of its own region is preferred. */
export class Homes<Peer> {
  readonly #homes = new Map<number, Home<Peer>>();

  get(replica: number): Peer | undefined {
    return this.#homes.get(replica)?.peer;
  }

  /** Was it heard at its own region's broker just now? */
  isHeardAtHome(replica: number, nowMs: number): boolean {
    const home = this.#homes.get(replica);
    return home?.isItsOwn === true && nowMs - home.atMs < natsLimits.homeMs;
  }

  note(replica: number, peer: Peer, isItsOwn: boolean, nowMs: number): void {
    if (!isItsOwn && this.isHeardAtHome(replica, nowMs)) return;
    this.#homes.delete(replica);
    this.#homes.set(replica, { peer, isItsOwn, atMs: nowMs });
    const [longestAgo] = this.#homes.keys();
    if (this.#homes.size > natsLimits.homesMax && longestAgo !== undefined) this.#homes.delete(longestAgo);
  }
}
