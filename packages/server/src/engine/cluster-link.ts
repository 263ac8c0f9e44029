import { type Arrived, limits, type Outgoing } from "@murmuration/core";
import { FairQueue } from "../fair-queue.js";
import { processClockMs } from "../timing/process-clock.js";
import type { ClusterStart, ConnectTransport, HostedTransport, TransportHost } from "./cluster-start.js";
import type { ReplicationReport } from "./database.js";
import type { PurgedStream } from "./erasure-questions.js";

/** A transport that could not be connected is tried again. */
const RECONNECT_MS = 5_000;
/** Of what waits, a member may take up so much, and all others together so much. */
const MEMBER_BYTES_MAX = limits.transportQueueBytesMax / 4;
const STRANGERS_BYTES_MAX = 8 * 1024 * 1024;
/** Those who are no members share one place in the queue. */
const STRANGERS = 0;

/** A message that arrived; with a context, when it did, on the clock of `processClockMs`. */
export type ArrivedHere = Arrived & { readonly arrivedMs?: number };

/** A replica's connection to the others: what arrives waits here, within a bound, until the replica takes it. */
export class ClusterLink {
  readonly #start: ClusterStart;
  readonly #host: TransportHost;
  readonly #onArrived: () => void;
  readonly #onFailed: (error: unknown) => void;
  #transport: HostedTransport | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #waiting = new FairQueue<ArrivedHere>();
  #receivedMessages = 0;
  #receivedBytes = 0;
  #droppedMessages = 0;
  #purge: { readonly round: string; readonly state: PurgedStream } | undefined;

  /** `onArrived` is called for each message that arrives; `onFailed` when no connection can be made, which is tried again. */
  constructor(start: ClusterStart, host: TransportHost, onArrived: () => void, onFailed: (error: unknown) => void) {
    this.#start = start;
    this.#host = host;
    this.#onArrived = onArrived;
    this.#onFailed = onFailed;
    void this.#connect();
  }

  /** What is sent while there is no connection is lost; the others ask for it when they hear of it. */
  send(outgoing: readonly Outgoing[]): void {
    if (outgoing.length > 0) this.#transport?.send(outgoing);
  }

  /** Takes messages that have arrived, up to about so many bytes: those of a sender in order, senders in turn. Each costs something. */
  take(bytesMax: number): ArrivedHere[] {
    const taken: ArrivedHere[] = [];
    for (let bytes = 0; bytes < bytesMax; ) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      taken.push(next.item);
      bytes += next.bytes;
    }
    return taken;
  }

  get hasWaiting(): boolean {
    return !this.#waiting.isEmpty;
  }

  report(): NonNullable<ReplicationReport["cluster"]> {
    return {
      name: this.#start.name,
      region: this.#start.region,
      transport: this.#transport?.counters(),
      receivedMessages: this.#receivedMessages,
      receivedBytes: this.#receivedBytes,
      waitingBytes: this.#waiting.bytes,
      droppedMessages: this.#droppedMessages,
    };
  }

  /** Purge the own region's stream, once for each round: called again, it says what came of it. One that was not to be reached is tried again. */
  purge(round: string): PurgedStream {
    const transport = this.#transport;
    if (transport?.purgeStream === undefined) {
      return { state: "unreachable", why: "there is no connection to the broker" };
    }
    const known = this.#purge;
    if (known?.round === round && known.state.state !== "unreachable") return known.state;
    const purge: { round: string; state: PurgedStream } = { round, state: { state: "pending" } };
    this.#purge = purge;
    void transport.purgeStream().then((state) => {
      purge.state = state;
    });
    return known?.round === round ? known.state : purge.state;
  }

  /** Takes nothing more, sends what waits, up to a deadline, and closes. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#transport?.drain?.(deadlineMs);
    this.#transport?.close();
  }

  async #connect(): Promise<void> {
    const { transport } = this.#start;
    try {
      const exported: { readonly [name: string]: ConnectTransport } = await import(transport.module);
      const connect = exported[transport.exportName] as ConnectTransport;
      const made = await connect({ ...transport.options, ...this.#host });
      if (this.#isClosed) return made.close();
      made.onMessage((bytes, sender, context) => this.#arrive(bytes, sender, context));
      this.#transport = made;
    } catch (error) {
      if (this.#isClosed) return;
      this.#onFailed(error);
      this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS);
    }
  }

  #arrive(bytes: Uint8Array, sender: number, context: string | undefined): void {
    this.#receivedMessages++;
    this.#receivedBytes += bytes.byteLength;
    const isMember = this.#host.isMember(sender);
    const hasRoom = this.#waiting.bytes + bytes.byteLength <= limits.transportQueueBytesMax;
    const bytesMax = isMember ? MEMBER_BYTES_MAX : STRANGERS_BYTES_MAX;
    const owner = isMember ? sender : STRANGERS;
    const arrived = { bytes, sender, ...(context === undefined ? {} : { context, arrivedMs: processClockMs() }) };
    if (!hasRoom || !this.#waiting.push(owner, arrived, bytes.byteLength, bytesMax)) this.#droppedMessages++;
    else this.#onArrived();
  }
}
