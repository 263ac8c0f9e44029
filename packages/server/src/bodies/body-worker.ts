import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { parseJsonBytes } from "../http/json.js";
import { validate } from "../http/schemas/validate.js";
import { routes } from "../routes/mod.js";
import { none } from "../routes/route.js";
import { toPlainError } from "../threads/plain-error.js";
import { type BodyReply, type BodyRequest, routeKey } from "./messages.js";
import { Cutter } from "./pieces.js";

/** Of this thread, as in nice(1). */
const NICE = 10;

// The thread that parses and checks large bodies, one at a time.

assert(parentPort !== null, "this file is a worker");
// Where processors are short, small requests go before large ones: see the engine's thread.
if (process.platform === "linux") setPriority(0, NICE);
const port = parentPort;
const schemas = new Map(routes.map(({ method, path, body }) => [routeKey(method, path), body]));

function outcomeOf({ route, bytes, pieces }: BodyRequest): BodyReply["outcome"] {
  let parsed: unknown;
  try {
    parsed = parseJsonBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    return { kind: "unreadable", error: toPlainError(error) };
  }
  let value: unknown;
  try {
    value = validate(schemas.get(route) ?? none, parsed);
  } catch (error) {
    return { kind: "refused", error: toPlainError(error) };
  }
  let count = 0;
  for (const piece of new Cutter().cut(value)) {
    pieces.postMessage(piece);
    count++;
  }
  return { kind: "value", pieces: count };
}

port.on("message", (request: BodyRequest) => {
  const reply: BodyReply = { outcome: outcomeOf(request), bytes: request.bytes };
  port.postMessage(reply, [request.bytes.buffer]);
});
