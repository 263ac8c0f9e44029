import { BroadcastChannel } from "node:worker_threads";
import { decodeEnvelope, type Outgoing, type Transport } from "@murmuration/core";
import type { TransportHost } from "./cluster-start.js";

/** What passes to and from a database: the word of its `cut`. */
export const Passing = { all: 0, nothing: 1, heartbeats: 2 } as const;

/** What the transport of a database under test is told. */
export interface ChannelOptions {
  /** Databases on one channel hear each other. */
  readonly channel: string;
  /** One word, of `Passing`, for both directions. */
  readonly cut: Int32Array;
}

/** Connects the databases of one process, across their engines' threads. */
export async function connectChannel({ channel, cut }: ChannelOptions & TransportHost): Promise<Transport> {
  const broadcast = new BroadcastChannel(channel);
  const passes = (bytes: Uint8Array) => {
    const passing = Atomics.load(cut, 0);
    if (passing !== Passing.heartbeats) return passing === Passing.all;
    return decodeEnvelope(bytes).message.kind === "heartbeat";
  };
  let sentMessages = 0;
  let droppedMessages = 0;
  return {
    send(outgoing: readonly Outgoing[]) {
      for (const { bytes } of outgoing) {
        if (!passes(bytes)) {
          droppedMessages++;
          continue;
        }
        broadcast.postMessage(bytes);
        sentMessages++;
      }
    },
    onMessage(take) {
      broadcast.onmessage = (event) => {
        const { data } = event as { readonly data: Uint8Array };
        if (passes(data)) take(data, decodeEnvelope(data).from);
      };
    },
    counters: () => ({ sentMessages, droppedMessages, queuedBytes: 0 }),
    close: () => broadcast.close(),
  };
}
