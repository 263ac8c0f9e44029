import type { FastifyInstance, FastifyRequest } from "fastify";
import type { CheckedBody } from "../http/checked-body.js";
import type { ReadTurns } from "../http/read-turns.js";
import { BodyReader } from "./body-reader.js";
import { routeKey } from "./messages.js";

/** How the large bodies of a server are read: each by the schema of its route, in a thread that ends with the server. */
export function readLargeBodies(
  app: FastifyInstance,
  turns: ReadTurns,
  bodyBytesMax: number,
  timeoutMs: number,
): (bytes: Buffer, request: FastifyRequest) => Promise<CheckedBody> {
  const reader = new BodyReader(turns, bodyBytesMax);
  app.addHook("onClose", () => reader.close());
  return (bytes, request) =>
    reader.read({
      bytes,
      route: routeKey(request.method, (request.routeOptions.url ?? "").replace(/:(\w+)/g, "{$1}")),
      timeoutMs,
      deadlineMs: request.arrivedMs + timeoutMs,
      isAbandoned: () => request.raw.socket?.destroyed === true,
    });
}
