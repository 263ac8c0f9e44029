import type { Server as HttpServer } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ServingTls } from "../tls-config.js";
import { errorEnvelope } from "./envelope.js";
import { type Handler, makeServer, type SharedTls, sharedTls, showOn } from "./make-server.js";

/** What is wrong with a connection, by the code of Node's error. */
const clientErrors: { readonly [code: string]: { readonly status: string; readonly message: string } } = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    message: "Timeout: the request did not arrive whole in its time",
  },
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    message: "Bad request: the headers are longer than 16 KiB",
  },
  HPE_INVALID_URL: {
    status: "400 Bad Request",
    message: "Bad request: the URL holds what none can; anything but ASCII is percent-encoded in it",
  },
};

const otherError = { status: "400 Bad Request", message: "Bad request: this is no HTTP/1.1 request" };

/** Answers what never became a request, and ends the connection: of a client, or of a thread that passes requests on, which is no socket. */
export function onClientError(error: NodeJS.ErrnoException, connection: Duplex): void {
  if (error.code === "ECONNRESET" || connection.destroyed) return;
  const { status, message } = clientErrors[error.code ?? ""] ?? otherError;
  const body = JSON.stringify(errorEnvelope(message, 0));
  const head = ["content-type: application/json; charset=utf-8", `content-length: ${body.length}`, "connection: close"];
  if (connection.writable) connection.end(`HTTP/1.1 ${status}\r\n${head.join("\r\n")}\r\n\r\n${body}`);
  if (connection.writableFinished) connection.destroy();
  else connection.once("finish", () => connection.destroy());
}

/** What bounds the connections of a server. */
export interface ConnectionLimits {
  /** In which a request has to arrive whole. */
  readonly requestTimeoutMs: number;
  /** Of all together; 0: as many as come. */
  readonly connectionsMax: number;
  /** Of one address; 0: as many as come. */
  readonly connectionsPerAddressMax: number;
}

/** The servers of one app: there is a second one where the name to listen at has two addresses. They share their bounds. */
export class Listeners {
  readonly #limits: ConnectionLimits;
  readonly #onRefused: () => void;
  readonly #servers: HttpServer[] = [];
  readonly #byAddress = new Map<string, number>();
  readonly #watching: ((tls: SharedTls) => void)[] = [];
  #open = 0;
  #tls: SharedTls | undefined;

  /** `onRefused` is told of a connection beyond the bounds, which is closed. */
  constructor(limits: ConnectionLimits, tls: ServingTls | undefined, onRefused: () => void) {
    this.#limits = limits;
    this.#tls = tls && sharedTls(tls);
    this.#onRefused = onRefused;
  }

  make(handler: Handler): HttpServer {
    const server = makeServer(this.#limits.requestTimeoutMs, this.#tls, handler);
    // one by which a thread passes requests on was counted there
    server.on("connection", (socket: Duplex) => socket instanceof Socket && this.#count(socket));
    // Fastify sees to the first one
    if (this.#servers.length > 0) server.on("clientError", onClientError);
    this.#servers.push(server);
    return server;
  }

  #count(socket: Socket): void {
    const { connectionsMax, connectionsPerAddressMax } = this.#limits;
    const address = socket.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    this.#open++;
    this.#byAddress.set(address, ofAddress + 1);
    socket.once("close", () => {
      this.#open--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
    const isTooMany = connectionsMax > 0 && this.#open > connectionsMax;
    if (!isTooMany && (connectionsPerAddressMax === 0 || ofAddress < connectionsPerAddressMax)) return;
    this.#onRefused();
    socket.destroy();
  }

  /** Another certificate for the connections from now on, where there was one. */
  show(tls: ServingTls): void {
    if (this.#tls === undefined) return;
    const shared = sharedTls(tls);
    this.#tls = shared;
    for (const server of this.#servers) showOn(server, shared);
    for (const tell of this.#watching) tell(shared);
  }

  /** Tells what is shown, where there is TLS: now, and when it is something else. */
  watch(tell: (tls: SharedTls) => void): void {
    this.#watching.push(tell);
    if (this.#tls !== undefined) tell(this.#tls);
  }
}
