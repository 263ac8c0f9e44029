import type { Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { keepAliveTimeoutMs } from "../http/http-limits.js";
import { connectionEvent } from "../http/make-server.js";
import { type AnswerHeaders, bodyOf, type Observe } from "./brief-answer.js";
import type { BriefAnswer, BriefReads } from "./brief-reads.js";
import { type BriefRequest, briefRequestOfHead } from "./brief-request.js";

/** A connection that has sent nothing, or only a part of a request, is HTTP's own after so long. */
const PATIENCE_MS = 1_000;
/** Pieces in which a request may come. */
const PIECES_MAX = 16;
const HEAD_BYTES_MAX = 8 * 1024;
/** Heads that are known again: clients send the same ones, but for the length of the body. */
const HEADS_MAX = 1_024;
/** What is said of the connection. */
const KEPT = `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveTimeoutMs / 1000}`;
const HEAD_END = "\r\n\r\n";
const BEGINS = ["POST /collections/", "GET /collections/"].map((begin) => Buffer.from(begin));

/** The time as answers carry it, read once a second. */
class DateHeader {
  #untilMs = 0;
  #text = "";

  text(): string {
    const nowMs = Date.now();
    if (nowMs >= this.#untilMs) {
      this.#text = new Date(nowMs).toUTCString();
      this.#untilMs = nowMs - (nowMs % 1_000) + 1_000;
    }
    return this.#text;
  }
}

/** One connection, as long as it sends nothing but brief reads. */
class Connection {
  readonly #lane: BriefLane;
  readonly #socket: Socket;
  /** What has come of a request that is not whole. */
  #pending: Buffer | undefined;
  #pieces = 0;
  #isAnswering = false;
  readonly #isAbandoned = () => this.#socket.destroyed;

  constructor(lane: BriefLane, socket: Socket) {
    this.#lane = lane;
    this.#socket = socket;
    socket.setTimeout(PATIENCE_MS);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError);
    socket.on("timeout", this.#onTimeout).on("close", this.#onClose);
  }

  /** It has nothing under way. */
  endIfIdle(): void {
    if (!this.#isAnswering && this.#pending === undefined) this.#socket.destroySoon();
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#isAnswering) {
      // the next one before this is answered: it waits there until HTTP's own parser takes it
      this.#socket.pause();
      this.#pending = this.#pending === undefined ? piece : Buffer.concat([this.#pending, piece]);
      return;
    }
    const bytes = this.#pending === undefined ? piece : Buffer.concat([this.#pending, piece]);
    this.#pending = bytes;
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return this.#waitFor(bytes.length < HEAD_BYTES_MAX && isBegin(bytes));
    const request =
      headEnd > HEAD_BYTES_MAX || !isBegin(bytes)
        ? undefined
        : this.#lane.request(bytes.toString("latin1", 0, headEnd));
    if (request === undefined) return this.#leave();
    const bodyAt = headEnd + HEAD_END.length;
    const missing = bodyAt + request.bodyBytes - bytes.length;
    if (missing > 0) return this.#waitFor(true);
    if (missing < 0) return this.#leave();
    this.#answer(request, request.bodyBytes === 0 ? undefined : bytes.subarray(bodyAt));
  };

  #waitFor(isPatient: boolean): void {
    if (!isPatient || ++this.#pieces > PIECES_MAX) this.#leave();
    else if (this.#pieces === 1) this.#socket.setTimeout(PATIENCE_MS);
  }

  #answer(request: BriefRequest, body: Buffer | undefined): void {
    const arrivedMs = performance.now();
    this.#isAnswering = true;
    const whole = this.#pending as Buffer;
    this.#pending = undefined;
    const done = (answer: BriefAnswer | undefined) => {
      this.#isAnswering = false;
      if (this.#socket.destroyed) return;
      if (answer === undefined) {
        this.#pending = this.#pending === undefined ? whole : Buffer.concat([whole, this.#pending]);
        this.#leave();
        return;
      }
      const elapsedMs = performance.now() - arrivedMs;
      this.#lane.send(this.#socket, answer, elapsedMs, request);
      this.#lane.observe(request.path, elapsedMs, this.#lane.reads.slowOf(request, answer, elapsedMs));
      this.#afterAnswer();
    };
    if (!this.#lane.reads.answer({ request, body, arrivedMs, isAbandoned: this.#isAbandoned, done })) done(undefined);
  }

  #afterAnswer(): void {
    this.#pieces = 0;
    if (this.#pending !== undefined) this.#leave();
    else if (this.#lane.isClosing) this.#socket.destroySoon();
    else if (this.#socket.readableEnded) this.#socket.end();
    else if (this.#socket.timeout !== keepAliveTimeoutMs) this.#socket.setTimeout(keepAliveTimeoutMs);
  }

  /** From here on the connection is HTTP's own, with what has come of it. */
  #leave(): void {
    const socket = this.#socket;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError);
    socket.off("timeout", this.#onTimeout).off("close", this.#onClose).setTimeout(0);
    const pending = this.#pending;
    if (socket.readableEnded) {
      // nothing can be put back before an end
      this.#lane.leave(this, socket);
      if (pending !== undefined) socket.emit("data", pending);
      socket.emit("end");
      return;
    }
    socket.pause();
    if (pending !== undefined) socket.unshift(pending);
    this.#lane.leave(this, socket);
    socket.resume();
  }

  readonly #onEnd = (): void => {
    if (this.#pending !== undefined && !this.#isAnswering) this.#leave();
    else if (!this.#isAnswering) this.#socket.end();
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onTimeout = (): void => {
    if (this.#isAnswering) return;
    if (this.#socket.timeout === PATIENCE_MS) this.#leave();
    else this.#socket.destroySoon();
  };

  readonly #onClose = (): void => {
    this.#lane.forget(this);
  };
}

function isBegin(bytes: Buffer): boolean {
  return BEGINS.some((begin) => {
    const length = Math.min(bytes.length, begin.length);
    return begin.compare(bytes, 0, length, 0, length) === 0;
  });
}

/**
 * Takes the connections of a server before its parser does. As long as one sends nothing but brief reads, each whole before the next, they
 * are read and answered here, with the bytes that the server would answer. With the first that is anything else, however little, the
 * connection is the server's for good, and so is every byte that was not answered.
 */
export class BriefLane {
  readonly reads: BriefReads;
  readonly observe: Observe;
  readonly #headers: AnswerHeaders;
  readonly #server: Server;
  readonly #take: (socket: Duplex) => void;
  readonly #connections = new Set<Connection>();
  readonly #heads = new Map<string, BriefRequest>();
  readonly #date = new DateHeader();
  #isClosing = false;

  constructor(server: Server, reads: BriefReads, headers: AnswerHeaders, observe: Observe) {
    this.#server = server;
    this.reads = reads;
    this.observe = observe;
    this.#headers = headers;
    const event = connectionEvent(server);
    this.#take = server.listeners(event)[0] as (connection: Duplex) => void;
    server.off(event, this.#take);
    server.on(event, (connection: Duplex) => {
      // what another thread passes on comes by no socket
      if (this.#isClosing || !(connection instanceof Socket)) this.#take.call(server, connection);
      else this.#connections.add(new Connection(this, connection));
    });
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Nothing is taken any more; connections without a request under way are ended. */
  close(): void {
    this.#isClosing = true;
    this.reads.close();
    for (const connection of this.#connections) connection.endIfIdle();
  }

  request(head: string): BriefRequest | undefined {
    if (this.#isClosing) return undefined;
    const known = this.#heads.get(head);
    if (known !== undefined) return known;
    const request = briefRequestOfHead(head);
    if (this.#heads.size >= HEADS_MAX) this.#heads.clear();
    if (request !== undefined) this.#heads.set(head, request);
    return request;
  }

  leave(connection: Connection, socket: Socket): void {
    this.#connections.delete(connection);
    this.#take.call(this.#server, socket);
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  send(socket: Socket, answer: BriefAnswer, elapsedMs: number, { encoding }: BriefRequest): void {
    const body = bodyOf(answer, elapsedMs, encoding);
    const { content, charset } = body;
    const fields = this.#headers.text(answer, body);
    const head = `HTTP/1.1 200 OK\r\n${fields}Date: ${this.#date.text()}\r\n${KEPT}\r\n\r\n`;
    if (typeof content === "string") {
      socket.write(head + content, charset);
      return;
    }
    socket.cork();
    socket.write(head, "latin1");
    socket.write(content);
    socket.uncork();
  }
}
