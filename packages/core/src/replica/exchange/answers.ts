import { sequenceOf } from "../../causality/version-vector.js";
import type { RequestMessage } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { batchesOf } from "../../operation/batch.js";
import { isPlanted } from "../../planted.js";
import type { ExchangeContext } from "./exchange.js";
import { answerRequest } from "./missing.js";

/**
 * Requests of others for operations, until they are answered: of each asker so many as it may have open, of a range the latest. However many
 * come, so much is read and sent in one go.
 */
export class Answers {
  readonly #context: Pick<ExchangeContext, "store" | "send" | "refuse">;
  readonly #asked = new Map<number, Map<string, RequestMessage>>();

  constructor(context: Pick<ExchangeContext, "store" | "send" | "refuse">) {
    this.#context = context;
  }

  note(from: number, request: RequestMessage): void {
    const asked = this.#asked.get(from) ?? new Map<string, RequestMessage>();
    const name = `${request.origin} ${request.shard}`;
    // what is over it is asked for again
    if (!asked.has(name) && asked.size >= limits.requestsPerPeerMax) return;
    this.#asked.set(from, asked.set(name, request));
  }

  /** Answer, whoever has asked in turn, until so much is sent; the rest waits for the next call. */
  sendSome(): void {
    let bytes = 0;
    while (this.#asked.size > 0 && bytes < limits.answersBytesMax) {
      for (const [from, asked] of this.#asked) {
        const [next] = asked;
        if (next === undefined) {
          this.#asked.delete(from);
          continue;
        }
        asked.delete(next[0]);
        bytes += this.#answer(from, next[1]);
        if (bytes >= limits.answersBytesMax) return;
      }
    }
  }

  forget(replica: number): void {
    this.#asked.delete(replica);
  }

  /** Send what was asked for, as far as it fits an answer; the rest is asked for again. Returns its bytes. */
  #answer(to: number, request: RequestMessage): number {
    const { shard, origin, after } = request;
    const { store, send, refuse } = this.#context;
    const causality = store.causality(shard);
    if (causality === undefined || sequenceOf(causality.frontier, origin) <= after) return 0;
    const answer = answerRequest(store.log, request);
    if ("damaged" in answer) {
      // the asker turns to the next that holds it; the next start mends the row or names it
      refuse("damaged row", answer.damaged);
      return 0;
    }
    if ("compactedTo" in answer) {
      send(to, "control", { kind: "compacted", shard, origin, upTo: answer.compactedTo });
      return 0;
    }
    const first = after + (isPlanted("answer-off-by-one") ? 2 : 1);
    if (answer.rows.length === 0) return 0;
    let bytes = 0;
    for (const batch of batchesOf(shard, origin, first, answer.rows)) {
      send(to, "bulk", { kind: "operations", batch });
      bytes += batch.byteLength;
    }
    return bytes;
  }
}
