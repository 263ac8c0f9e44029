import { limits } from "../limits.js";
import type { Message } from "./message.js";

/** What a signed message says of itself: in which session of its sender it was made, and as the how manieth. */
export interface Stamp {
  /** Grows from one start of the sender to the next. */
  readonly session: number;
  /** From 1. */
  readonly count: number;
}

/** Messages that change nothing when they come a second time: what is in them has names, and is asked for. They may wait for long on their way. */
const repeatable: ReadonlySet<Message["kind"]> = new Set(["operations", "snapshot", "states"]);

/**
 * Takes every message of a sender once at most (the sliding window of RFC 4303, 3.4.3): of its latest session, and of those not the ones that so
 * many others have overtaken. What is played again to a replica that has not heard it yet is, to that one, a message that came late.
 */
export class ReplayWindow {
  #session = 0;
  #highest = 0;
  readonly #seen = new Uint8Array(limits.replayWindow);

  /** The latest session that was heard of. */
  get session(): number {
    return this.#session;
  }

  /** Takes note of a message. Returns whether it is to be taken. */
  take({ session, count }: Stamp, kind: Message["kind"]): "taken" | "again" | "earlier session" {
    if (session < this.#session) return repeatable.has(kind) ? "taken" : "earlier session";
    if (session > this.#session) {
      [this.#session, this.#highest] = [session, 0];
      this.#seen.fill(0);
    }
    const { replayWindow } = limits;
    if (repeatable.has(kind)) return "taken";
    if (count <= this.#highest - replayWindow) return "again";
    if (count > this.#highest) {
      const passed = Math.min(count - this.#highest, replayWindow);
      for (let one = count - passed + 1; one <= count; one++) this.#seen[one % replayWindow] = 0;
      this.#highest = count;
    }
    const at = count % replayWindow;
    if (this.#seen[at] === 1) return "again";
    this.#seen[at] = 1;
    return "taken";
  }
}
