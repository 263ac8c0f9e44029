import type { FastifyRequest } from "fastify";

/**
 * The address of who sent a request to a thread that listens, which passes it on: the thread sets it, whatever the client sent under that name, and it is
 * believed of threads alone.
 */
export const relayedAddressHeader = "murmur-relayed-address";

/** By what a connection from a thread of this process is known. */
export interface OfThread {
  readonly isOfThread: true;
}

export function isOfThread(connection: object): connection is OfThread {
  return "isOfThread" in connection && connection.isOfThread === true;
}

/** The address that a request comes from. */
export function clientAddress({ raw, ip, headers }: FastifyRequest): string {
  const told = headers[relayedAddressHeader];
  return isOfThread(raw.socket) && typeof told === "string" ? told : ip;
}
