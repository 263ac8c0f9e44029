import type { Message } from "../../gossip/message.js";
import type { Outgoing } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import { batchesOf } from "../../operation/batch.js";
import type { OwnRows } from "../commit/own-rows.js";

/** What a replica has to say, until its host takes it. Bulk over a bound is left out: what it was an answer to is asked for again. */
export class Outbox {
  readonly #from: number;
  readonly #seal: (to: number, message: Message) => Uint8Array;
  #outgoing: Outgoing[] = [];
  #bytes = 0;

  /** `seal` makes a message its sender's: to a replica, or with 0 to all. */
  constructor(from: number, seal: (to: number, message: Message) => Uint8Array) {
    this.#from = from;
    this.#seal = seal;
  }

  /** Queues a message to a replica, or to all with `undefined`. */
  send(to: number | undefined, lane: Outgoing["lane"], message: Message): void {
    if (lane === "bulk" && this.#bytes > limits.outgoingBytesMax) return;
    const bytes = this.#seal(to ?? 0, message);
    this.#outgoing.push({ to, lane, bytes });
    this.#bytes += bytes.byteLength;
  }

  /** Takes what waits, behind these operations of its own. */
  take(own: readonly OwnRows[]): Outgoing[] {
    const live: Outgoing[] = [];
    for (const { shard, firstSequence, rows } of own) {
      for (const batch of batchesOf(shard, this.#from, firstSequence, rows)) {
        live.push({ to: undefined, lane: "live", bytes: this.#seal(0, { kind: "operations", batch }) });
      }
    }
    const outgoing = [...live, ...this.#outgoing];
    [this.#outgoing, this.#bytes] = [[], 0];
    return outgoing;
  }
}
