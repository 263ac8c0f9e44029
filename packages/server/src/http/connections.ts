import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import { type ServingTls, servingOptions } from "../tls-config.js";
import { errorEnvelope } from "./envelope.js";
import { handshakeTimeoutMsMax, headersTimeoutMsMax, keepAliveTimeoutMs } from "./http-limits.js";

/** How often connections are looked through for requests that are overdue. */
const checkingIntervalMsMax = 5_000;

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

/** Answers what never became a request, and ends the connection. */
function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const { status, message } = clientErrors[error.code ?? ""] ?? otherError;
  const body = JSON.stringify(errorEnvelope(message, 0));
  const head = ["content-type: application/json; charset=utf-8", `content-length: ${body.length}`, "connection: close"];
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\n${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** Options of a server in which a request has `requestTimeoutMs` to arrive whole. */
export function connectionOptions(requestTimeoutMs: number, tls: ServingTls | undefined) {
  const times = {
    headersTimeout: Math.min(headersTimeoutMsMax, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(checkingIntervalMsMax, Math.ceil(requestTimeoutMs / 4)),
  };
  return {
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    ...(tls === undefined
      ? { http: times }
      : {
          https: {
            ...times,
            ...servingOptions(tls),
            handshakeTimeout: Math.min(handshakeTimeoutMsMax, requestTimeoutMs),
          },
        }),
    clientErrorHandler: onClientError,
  };
}

/** Other certificates for the connections from now on, of a server that was made with some. */
export function showCertificate({ server }: FastifyInstance, tls: ServingTls): void {
  if (server instanceof TlsServer) server.setSecureContext(servingOptions(tls));
}
