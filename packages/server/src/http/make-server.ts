import { randomBytes } from "node:crypto";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import { type ServingTls, servingOptions } from "../tls-config.js";
import { handshakeTimeoutMsMax, headersTimeoutMsMax, keepAliveTimeoutMs } from "./http-limits.js";

/** How often connections are looked through for requests that are overdue. */
const checkingIntervalMsMax = 5_000;
/** What Node asks for. */
const TICKET_KEY_BYTES = 48;

/** What a server does with a request. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * TLS as all threads that listen at an address show it: with the keys of its tickets, so that a session that was begun in one is gone on with
 * in another. Plain data.
 */
export interface SharedTls extends ServingTls {
  readonly ticketKeys: Uint8Array;
}

/** With new keys, so that no session is gone on with that was begun under another certificate, or let in by another authority. */
export function sharedTls(tls: ServingTls): SharedTls {
  return { ...tls, ticketKeys: randomBytes(TICKET_KEY_BYTES) };
}

/** Without a name of its own, sessions are of the script that a thread runs. */
const sessionIdContext = "murmuration";

const secureOptions = (tls: SharedTls) => {
  return { ...servingOptions(tls), sessionIdContext, ticketKeys: Buffer.from(tls.ticketKeys) };
};

/** A server of Node's, by TLS where there is any, in which a request has `requestTimeoutMs` to arrive whole. */
export function makeServer(requestTimeoutMs: number, tls: SharedTls | undefined, handler: Handler): HttpServer {
  const times = {
    headersTimeout: Math.min(headersTimeoutMsMax, requestTimeoutMs),
    connectionsCheckingInterval: Math.min(checkingIntervalMsMax, Math.ceil(requestTimeoutMs / 4)),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
  };
  if (tls === undefined) return createHttpServer(times, handler);
  const handshakeTimeout = Math.min(handshakeTimeoutMsMax, requestTimeoutMs);
  const server = createHttpsServer({ ...times, ...secureOptions(tls), handshakeTimeout }, handler);
  // who has not come to TLS, in time or at all, can be told nothing by it, and would be waited for
  server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
  return server;
}

/** The event by which a server hears of a connection over which HTTP is spoken: by TLS, when both sides have agreed. */
export function connectionEvent(server: HttpServer): "connection" | "secureConnection" {
  return server instanceof TlsServer ? "secureConnection" : "connection";
}

/** Another certificate for the connections from now on, where there was one. */
export function showOn(server: HttpServer, tls: SharedTls): void {
  if (server instanceof TlsServer) server.setSecureContext(secureOptions(tls));
}
