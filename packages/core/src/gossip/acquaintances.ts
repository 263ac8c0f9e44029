import { limits } from "../limits.js";

/**
 * The replicas that are remembered: members, and a few that are none, of which one may be about to join. A stranger that is silent gives its
 * place up to another one; while all speak, further ones are not listened to. So whoever invents ids takes up no more than this.
 */
export class Acquaintances {
  readonly #heardMs = new Map<number, number>();
  readonly #isMember: (replica: number) => boolean;
  readonly #onForgotten: (replica: number) => void;

  constructor(isMember: (replica: number) => boolean, onForgotten: (replica: number) => void) {
    this.#isMember = isMember;
    this.#onForgotten = onForgotten;
  }

  /** Replica → when it was heard last. */
  get heardMs(): ReadonlyMap<number, number> {
    return this.#heardMs;
  }

  /** A replica was heard. Returns whether it is remembered. */
  note(replica: number, nowMs: number): boolean {
    if (!this.#heardMs.has(replica) && !this.#isMember(replica) && !this.#hasRoom(nowMs)) return false;
    this.#heardMs.set(replica, nowMs);
    return true;
  }

  /** Forget those that are no members and have been silent for long. */
  forgetSilent(nowMs: number): void {
    for (const [replica, heardMs] of this.#heardMs)
      if (Math.abs(nowMs - heardMs) > limits.strangerForgottenMs && !this.#isMember(replica)) this.#forget(replica);
  }

  #hasRoom(nowMs: number): boolean {
    const strangers = [...this.#heardMs].filter(([replica]) => !this.#isMember(replica));
    if (strangers.length < limits.strangersMax) return true;
    const [silent] = strangers.filter(([, heardMs]) => Math.abs(nowMs - heardMs) > limits.suspectMs);
    if (silent !== undefined) this.#forget(silent[0]);
    return silent !== undefined;
  }

  #forget(replica: number): void {
    this.#heardMs.delete(replica);
    this.#onForgotten(replica);
  }
}
