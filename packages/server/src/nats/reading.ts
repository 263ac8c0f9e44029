import { JsHeaders, type Msg } from "nats";
import { type Delivery, parseDelivery } from "./delivery.js";
import { natsLimits } from "./nats-limits.js";

/** Code of the messages by which a consumer says that it is there, or asks whether the reader keeps up. */
const CONTROL = 100;

/** One consumer's deliveries, as long as they are complete: it ends when one is missing, or the consumer has fallen silent. */
export class Reading {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly #publish: (subject: string) => void;
  readonly #watch: NodeJS.Timeout;
  #resolve: () => void = () => undefined;
  #isOver = false;
  #delivered = 0;
  #heardMs = performance.now();

  /** `publish` sends an empty message. */
  constructor(publish: (subject: string) => void) {
    this.#publish = publish;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#watch = setInterval(() => {
      if (performance.now() - this.#heardMs > natsLimits.consumerSilentMsMax) this.end();
    }, natsLimits.roundTripEveryMs);
  }

  /** Where a message that came stands, when it is the next frame. Answers the consumer's own messages. */
  accept(message: Msg): Delivery | undefined {
    if (this.#isOver) return undefined;
    this.#heardMs = performance.now();
    const code = message.headers?.code ?? 0;
    if (code === CONTROL) {
      this.#answer(message);
      return undefined;
    }
    const delivery = code === 0 ? parseDelivery(message.reply ?? "") : undefined;
    if (delivery?.consumerSequence !== this.#delivered + 1) {
      this.end();
      return undefined;
    }
    this.#delivered += 1;
    return delivery;
  }

  end(): void {
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#resolve();
  }

  /** The consumer waits for an answer before it sends more than its window; a heartbeat says how much it has sent. */
  #answer(message: Msg): void {
    if (message.respond()) return;
    const stalled = message.headers?.get(JsHeaders.ConsumerStalledHdr) ?? "";
    if (stalled !== "") this.#publish(stalled);
    const sent = Number(message.headers?.get(JsHeaders.LastConsumerSeqHdr) ?? 0);
    if (sent > this.#delivered) this.end();
  }
}
