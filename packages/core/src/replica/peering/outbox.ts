import { encodeEnvelope, type Message } from "../../gossip/envelope.js";
import type { Outgoing } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import { batchesOf } from "../../operation/batch.js";
import type { OwnRows } from "../commit/own-rows.js";

/** What a replica has to say, until its host takes it. Bulk over a bound is left out: what it was an answer to is asked for again. */
export class Outbox {
  readonly #cluster: string;
  readonly #from: number;
  #outgoing: Outgoing[] = [];
  #bytes = 0;

  constructor(cluster: string, from: number) {
    this.#cluster = cluster;
    this.#from = from;
  }

  /** Queues a message to a replica, or to all with `undefined`. */
  send(to: number | undefined, lane: Outgoing["lane"], message: Message): void {
    if (lane === "bulk" && this.#bytes > limits.outgoingBytesMax) return;
    const bytes = this.#encode(to, message);
    this.#outgoing.push({ to, lane, bytes });
    this.#bytes += bytes.byteLength;
  }

  /** Takes what waits, behind these operations of its own. */
  take(own: readonly OwnRows[]): Outgoing[] {
    const live: Outgoing[] = [];
    for (const { shard, firstSequence, rows } of own) {
      for (const batch of batchesOf(shard, this.#from, firstSequence, rows)) {
        live.push({ to: undefined, lane: "live", bytes: this.#encode(undefined, { kind: "operations", batch }) });
      }
    }
    const outgoing = [...live, ...this.#outgoing];
    [this.#outgoing, this.#bytes] = [[], 0];
    return outgoing;
  }

  #encode(to: number | undefined, message: Message): Uint8Array {
    return encodeEnvelope({ cluster: this.#cluster, from: this.#from, to: to ?? 0, message });
  }
}
