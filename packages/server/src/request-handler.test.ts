import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import Fastify from "fastify";
import { sendError } from "./request-handler.js";

/** With a body: of a request without one Fastify sees by itself that its client is gone. */
const REQUEST =
  "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** What the log tells of failures, and what is counted, once a route's answer was ended: by its client, or by `fail`. */
async function failuresTold(end: "client" | "fail") {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const app = Fastify({ logger: { level: "error", stream } });
  const codes: (string | undefined)[] = [];
  app.setErrorHandler((error, request, reply) => {
    const sent = sendError(request, reply, error);
    codes.push(request.errorCode);
    return sent;
  });
  const answer = new PassThrough();
  const isAnswering = new Promise<void>((resolve) => {
    app.post("/", (_request, reply) => {
      resolve();
      return reply.send(answer);
    });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(REQUEST);
  socket.resume();
  await isAnswering;
  if (end === "client") socket.destroy();
  else answer.destroy(new Error("the disk is broken"));
  // an answer that nobody waits for any more is ended, too
  await Promise.all([once(socket, "close"), answer.closed || once(answer, "close").catch(() => undefined)]);
  await app.close();
  return { told: lines.filter((line) => line.includes("request failed")), codes };
}

test("a client that leaves before its answer begins is no failure of the server", async () => {
  assert.deepEqual(await failuresTold("client"), { told: [], codes: ["client-gone"] });
});

test("an answer that cannot be made is", async () => {
  const { told, codes } = await failuresTold("fail");
  assert.match(told[0] ?? "", /the disk is broken/);
  assert.deepEqual(codes, ["500"]);
});
