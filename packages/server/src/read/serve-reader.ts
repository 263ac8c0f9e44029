import type { MessagePort } from "node:worker_threads";
import type { OpenRowFile } from "@murmuration/index";
import { ReadTurns } from "../http/read-turns.js";
import { heapOfThisThread } from "../threads/heap.js";
import { LocalReaders, type PayloadsOf } from "./local-readers.js";
import type { ReaderReply, ReaderRequest, ReaderStart } from "./messages.js";
import { ReaderHost } from "./reader-host.js";

/** Read in this thread what is asked for at a port, until that closes. */
export function serveReader(
  port: MessagePort,
  { thread, beat }: ReaderStart,
  payloadsOf: PayloadsOf,
  openRows?: OpenRowFile,
): void {
  const turns = new ReadTurns(undefined, (act) =>
    setImmediate(() => {
      Atomics.add(beat, 0, 1);
      act();
    }),
  );
  const { collect } = heapOfThisThread();
  const host = new ReaderHost(new LocalReaders(payloadsOf, thread, turns, undefined, openRows), {
    post: (reply, transfer) => port.postMessage(reply, transfer),
    fail: (error) =>
      setImmediate(() => {
        throw error;
      }),
    collect,
  });
  port.on("message", (requests: readonly ReaderRequest[]) => {
    Atomics.add(beat, 0, 1);
    host.take(requests);
  });
  port.postMessage([] satisfies ReaderReply);
}
