import { BroadcastChannel } from "node:worker_threads";
import type { Outgoing, Transport } from "@murmuration/core";
import type { TransportHost } from "./cluster-start.js";

/** What the transport of a database under test is told. */
export interface ChannelOptions {
  /** Databases on one channel hear each other. */
  readonly channel: string;
  /** One word: while it is 1, nothing passes in either direction. */
  readonly cut: Int32Array;
}

/** Connects the databases of one process, across their engines' threads. */
export async function connectChannel({ channel, cut }: ChannelOptions & TransportHost): Promise<Transport> {
  const broadcast = new BroadcastChannel(channel);
  const isCut = () => Atomics.load(cut, 0) === 1;
  let sentMessages = 0;
  let droppedMessages = 0;
  return {
    send(outgoing: readonly Outgoing[]) {
      for (const { bytes } of outgoing) {
        if (isCut()) {
          droppedMessages++;
          continue;
        }
        broadcast.postMessage(bytes);
        sentMessages++;
      }
    },
    onMessage(take) {
      broadcast.onmessage = (event) => {
        if (!isCut()) take((event as { readonly data: Uint8Array }).data);
      };
    },
    counters: () => ({ sentMessages, droppedMessages, queuedBytes: 0 }),
    close: () => broadcast.close(),
  };
}
