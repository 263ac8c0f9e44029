import { createHash, type Hash } from "node:crypto";
import { describeMessage, type OperationNote, operationsIn } from "./describe.js";
import type { SentMessage } from "./network.js";

/** Something that a run did, for people. */
export interface TraceEvent {
  readonly atMs: number;
  readonly kind:
    | "message"
    | "write"
    | "refused"
    | "fault"
    | "restored"
    | "start"
    | "crash"
    | "phase"
    | "wait"
    | "violation";
  readonly node: number;
  readonly text: string;
  readonly message?: SentMessage;
  /** What a client's write came to, or a message carries. */
  readonly operations?: readonly OperationNote[];
}

/** Everything that happens in a run, as a digest, and event by event for who listens. */
export class Trace {
  readonly #onEvent: ((event: TraceEvent) => void) | undefined;
  readonly #nowMs: () => number;
  readonly #hash: Hash = createHash("sha256");
  #messages = 0;

  /** `nowMs` counts from the start of the run. */
  constructor(nowMs: () => number, onEvent?: (event: TraceEvent) => void) {
    this.#nowMs = nowMs;
    this.#onEvent = onEvent;
  }

  /** How many messages were sent. */
  get messages(): number {
    return this.#messages;
  }

  /** Digest of everything noted, hexadecimal; nothing can be noted after it. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  sent(message: SentMessage): void {
    this.#messages++;
    this.#hash.update(`${message.sentMs} ${message.from}>${message.to} ${message.fate} ${message.arrivesMs} `);
    this.#hash.update(message.bytes);
    if (this.#onEvent === undefined) return;
    const text = `${message.from} > ${message.to} ${message.fate}: ${describeMessage(message)}`;
    const operations = operationsIn(message);
    this.#onEvent({ atMs: this.#nowMs(), kind: "message", node: message.from, text, message, operations });
  }

  note(kind: TraceEvent["kind"], node: number, text: string, more?: () => Pick<TraceEvent, "operations">): void {
    const atMs = this.#nowMs();
    this.#hash.update(`${atMs} ${kind} ${node} ${text}`);
    this.#onEvent?.({ atMs, kind, node, text, ...more?.() });
  }
}
