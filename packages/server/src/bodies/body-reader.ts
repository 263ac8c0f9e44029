import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { assert, MurmurationError, type Sliced } from "@murmuration/index";
import { CheckedBody } from "../http/checked-body.js";
import { bodiesWaitingMax, bodyThreadIdleMs, bodyThreadMebibytesMin, bodyThreadShare } from "../http/http-limits.js";
import { type ReadTurns, timedOut } from "../http/read-turns.js";
import { fromPlainError } from "../threads/plain-error.js";
import type { BodyReply, BodyRequest } from "./messages.js";
import { Assembly, type Piece } from "./pieces.js";

/** A body to be read, and who waits for it. */
export interface UnreadBody {
  /** Alone in its memory, which is given away. */
  readonly bytes: Buffer;
  /** Of which route, as `routeKey` names it. */
  readonly route: string;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  /** The time that it had, for whoever is told that it is over. */
  readonly timeoutMs: number;
  /** Does nobody wait for the answer any more? */
  readonly isAbandoned: () => boolean;
}

interface Waiting {
  readonly body: UnreadBody;
  readonly resolve: (body: CheckedBody | Promise<CheckedBody>) => void;
  readonly reject: (error: unknown) => void;
}

/** What the thread works on, and where the pieces of its value come. */
interface Reading extends Waiting {
  readonly pieces: MessagePort;
}

/** The value that pieces in a port are of, taken one after the other. */
function* assembled(pieces: MessagePort, count: number): Sliced<unknown> {
  const assembly = new Assembly();
  for (let i = 0; i < count; i++) {
    const received = receiveMessageOnPort(pieces);
    assert(received !== undefined, "every piece was sent before its count");
    assembly.put(received.message as Piece);
    yield "pause";
  }
  return assembly.value;
}

/**
 * Reads large bodies in a thread of its own, one at a time, so that nobody waits in this one: here their values are only put together, in
 * turns with reads. The thread begins with the first body and ends when none has come for a while; one that dies fails the body that it
 * was reading, and the next one gets another.
 */
export class BodyReader {
  readonly #turns: ReadTurns;
  readonly #heapMebibytes: number;
  readonly #workerFile: URL;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #reading: Reading | undefined;
  #idle: NodeJS.Timeout | undefined;
  #picked = 0;
  #isClosed = false;

  /** `bodyBytesMax`: of one body, by which the thread's heap is measured. */
  constructor(turns: ReadTurns, bodyBytesMax: number, workerFile = new URL("./body-worker.js", import.meta.url)) {
    this.#turns = turns;
    const mebibytes = Math.ceil((bodyBytesMax * bodyThreadShare) / 1024 / 1024);
    this.#heapMebibytes = Math.max(bodyThreadMebibytesMin, mebibytes);
    this.#workerFile = workerFile;
  }

  /**
   * Parse and check a body. Rejects with what it is refused with as JSON; what its schema refuses is in the outcome. Rejects with
   * `unavailable` when too many wait, `timeout` when its time is over before its turn, and with `internal` when the thread dies of it.
   */
  read(body: UnreadBody): Promise<CheckedBody> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new MurmurationError("unavailable", "the server is stopping"));
        return;
      }
      if (this.#waiting.length >= bodiesWaitingMax) {
        reject(new MurmurationError("unavailable", `${bodiesWaitingMax} large bodies wait to be read already`));
        return;
      }
      this.#waiting.push({ body, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread. What waits is refused, and what comes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const stopping = new MurmurationError("unavailable", "the server is stopping");
    for (const { reject } of this.#waiting.splice(0)) reject(stopping);
    await this.#end(stopping);
  }

  #next(): void {
    if (this.#reading !== undefined) return;
    const next = this.#pick();
    clearTimeout(this.#idle);
    if (next === undefined) {
      this.#worker?.unref();
      if (this.#worker !== undefined) this.#idle = setTimeout(() => void this.#end(dead()), bodyThreadIdleMs).unref();
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.ref();
    const { bytes, route } = next.body;
    const { port1, port2 } = new MessageChannel();
    this.#reading = { ...next, pieces: port1 };
    const text = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
    const request: BodyRequest = { route, bytes: text, pieces: port2 };
    this.#worker.postMessage(request, [text.buffer, port2]);
  }

  /** In turn the smallest of those that wait, which does not have to wait for large ones, and the first, which does not wait for ever. */
  #pick(): Waiting | undefined {
    const takesSmallest = this.#picked++ % 2 === 0;
    while (this.#waiting.length > 0) {
      let at = 0;
      if (takesSmallest) {
        for (const [i, { body }] of this.#waiting.entries()) {
          if (body.bytes.length < (this.#waiting[at] as Waiting).body.bytes.length) at = i;
        }
      }
      const [picked] = this.#waiting.splice(at, 1) as [Waiting];
      const { body, reject } = picked;
      if (body.isAbandoned()) reject(new MurmurationError("unavailable", "the client is gone"));
      else if (performance.now() >= body.deadlineMs) reject(timedOut(body.timeoutMs));
      else return picked;
    }
    return undefined;
  }

  #start(): Worker {
    const worker = new Worker(this.#workerFile, { resourceLimits: { maxOldGenerationSizeMb: this.#heapMebibytes } });
    worker.on("message", (reply: BodyReply) => this.#receive(reply));
    worker.on("error", (error) => this.#lose(worker, dead(error)));
    worker.on("exit", () => this.#lose(worker, dead()));
    return worker;
  }

  #receive({ bytes, outcome }: BodyReply): void {
    const reading = this.#reading;
    assert(reading !== undefined, "what is answered was asked");
    this.#reading = undefined;
    const { resolve, reject } = reading;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (outcome.kind === "value") resolve(this.#assemble(reading, text, outcome.pieces));
    else {
      reading.pieces.close();
      const error = fromPlainError(outcome.error);
      if (outcome.kind === "refused") resolve(new CheckedBody(text, { error }));
      else reject(error);
    }
    this.#next();
  }

  async #assemble({ body, pieces }: Reading, text: Buffer, count: number): Promise<CheckedBody> {
    const { deadlineMs, timeoutMs, isAbandoned } = body;
    const limits = { deadlineMs, timeoutMs, isAbandoned, onFixed: () => undefined };
    try {
      return new CheckedBody(text, { value: await this.#turns.run(assembled(pieces, count), limits) });
    } finally {
      pieces.close();
    }
  }

  async #end(why: MurmurationError): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#lose(worker, why);
    await worker.terminate();
  }

  /** A thread is there no more: what it was reading fails, and what waits gets another. */
  #lose(worker: Worker, why: MurmurationError): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.pieces.close();
    reading?.reject(why);
    this.#next();
  }
}

function dead(error?: Error): MurmurationError {
  return new MurmurationError("internal", "the thread that reads large bodies has ended", undefined, error);
}
