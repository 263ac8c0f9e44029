import type { FastifyInstance } from "fastify";
import { errorEnvelope } from "./http/envelope.js";
import { elapsedMs, sendJson } from "./request-handler.js";
import type { Route } from "./routes/route.js";

/** Methods that some route serves at this path. */
function methodsAt(all: readonly Route[]): (path: string) => readonly string[] {
  const patterns = all.map((of) => ({
    method: of.method,
    pattern: new RegExp(`^${of.path.replace(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}/?$`),
  }));
  return (path) => [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
}

/** Answers at paths that no route serves: 404, or 405 where one does by another method. */
export function answerUnknown(app: FastifyInstance, all: readonly Route[]): void {
  const allowedAt = methodsAt(all);
  app.setNotFoundHandler((request, reply) => {
    const path = (request.url.split("?", 1)[0] as string).replace(/\/{2,}/g, "/");
    const allowed = allowedAt(path);
    if (allowed.length === 0) return sendJson(reply, 404, errorEnvelope("Not found: no such path", elapsedMs(request)));
    reply.header("allow", allowed.join(", "));
    const message = `Method ${request.method} is not allowed here, only ${allowed.join(", ")}`;
    return sendJson(reply, 405, errorEnvelope(message, elapsedMs(request)));
  });
}
