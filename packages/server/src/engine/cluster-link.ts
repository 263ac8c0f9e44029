import { limits, type Outgoing } from "@murmuration/core";
import type { ClusterStart, ConnectTransport, HostedTransport, TransportHost } from "./cluster-start.js";
import type { ReplicationReport } from "./database.js";

/** A transport that could not be connected is tried again. */
const RECONNECT_MS = 5_000;

/** A replica's connection to the others: what arrives waits here, within a bound, until the replica takes it. */
export class ClusterLink {
  readonly #start: ClusterStart;
  readonly #host: TransportHost;
  readonly #onArrived: () => void;
  readonly #onFailed: (error: unknown) => void;
  #transport: HostedTransport | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #receivedMessages = 0;
  #receivedBytes = 0;
  #droppedMessages = 0;

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

  /** Takes messages that have arrived, in order, up to about so many bytes. */
  take(bytesMax: number): Uint8Array[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && bytes < bytesMax; count++)
      bytes += (this.#waiting[count] as Uint8Array).byteLength;
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const { byteLength } of taken) this.#waitingBytes -= byteLength;
    return taken;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  report(): NonNullable<ReplicationReport["cluster"]> {
    return {
      name: this.#start.name,
      region: this.#start.region,
      transport: this.#transport?.counters(),
      receivedMessages: this.#receivedMessages,
      receivedBytes: this.#receivedBytes,
      waitingBytes: this.#waitingBytes,
      droppedMessages: this.#droppedMessages,
    };
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
      made.onMessage((bytes) => this.#arrive(bytes));
      this.#transport = made;
    } catch (error) {
      if (this.#isClosed) return;
      this.#onFailed(error);
      this.#retry = setTimeout(() => void this.#connect(), RECONNECT_MS);
    }
  }

  #arrive(bytes: Uint8Array): void {
    this.#receivedMessages++;
    this.#receivedBytes += bytes.byteLength;
    if (this.#waitingBytes + bytes.byteLength > limits.transportQueueBytesMax) {
      this.#droppedMessages++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    this.#onArrived();
  }
}
