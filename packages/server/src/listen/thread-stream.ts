import { Duplex } from "node:stream";
import type { MessagePort } from "node:worker_threads";

/** Bytes that are on their way at most before the other end has taken some. */
const WINDOW_BYTES = 256 * 1024;
/** It is told of what was taken when that is so much. */
const TOLD_BYTES = 64 * 1024;

/** Bytes; how many were taken; or that no more will come. */
type Message = Uint8Array<ArrayBuffer> | number | "end";

/** What HTTP asks of a connection beside its bytes, and what has no meaning between threads. */
const ofSockets = {
  isOfThread: true,
  setTimeout: () => undefined,
  setKeepAlive: () => undefined,
  setNoDelay: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
};

/** A connection between two threads: one end of a channel of messages as a stream. It ends when either end is closed, or its thread ends. */
export function threadStream(port: MessagePort): Duplex {
  let underWay = 0;
  let untold = 0;
  let goOn: (() => void) | undefined;
  const tell = (message: Message, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const send = (bytes: Uint8Array<ArrayBuffer>, done: () => void) => {
    underWay += bytes.length;
    tell(bytes, [bytes.buffer]);
    if (underWay < WINDOW_BYTES) done();
    else goOn = done;
  };
  const stream = new Duplex({
    read() {
      if (untold < TOLD_BYTES) return;
      tell(untold);
      untold = 0;
    },
    // a copy: the memory of a buffer is that of others as well
    write: (bytes: Buffer, _encoding, done) => send(new Uint8Array(bytes), done),
    writev: (chunks, done) => send(new Uint8Array(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))), done),
    final(done) {
      tell("end");
      done();
    },
    destroy(error, done) {
      port.close();
      done(error);
    },
  });
  port.on("message", (message: Message) => {
    if (message === "end") stream.push(null);
    else if (typeof message === "number") {
      underWay -= message;
      const act = goOn;
      if (underWay >= WINDOW_BYTES || act === undefined) return;
      goOn = undefined;
      act();
    } else {
      untold += message.length;
      stream.push(Buffer.from(message.buffer));
    }
  });
  port.on("close", () => stream.destroy());
  return Object.assign(stream, ofSockets);
}
