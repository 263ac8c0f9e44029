import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { test } from "node:test";
import Fastify, { type FastifyInstance } from "fastify";
import { sendError } from "./request-handler.js";

/** With a body: of a request without one Fastify sees by itself that its client is gone. */
const REQUEST =
  "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** An app without routes; `failures`: what its log tells of them, and what is counted; `isTold`: once there was one. */
function appOfFailures() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const app = Fastify({ logger: { level: "error", stream } });
  const codes: (string | undefined)[] = [];
  const isTold = new Promise<void>((resolve) => {
    app.setErrorHandler((error, request, reply) => {
      const sent = sendError(request, reply, error);
      codes.push(request.errorCode);
      resolve();
      return sent;
    });
  });
  return { app, isTold, failures: () => ({ told: lines.filter((line) => line.includes("request failed")), codes }) };
}

/** A connection to the app that sends this. */
async function sends(app: FastifyInstance, text: string): Promise<Socket> {
  await app.listen({ host: "127.0.0.1", port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(text);
  return socket.resume();
}

/** What is told once a route's answer was ended: by its client, or by `fail`. */
async function failuresTold(end: "client" | "fail") {
  const { app, failures } = appOfFailures();
  const answer = new PassThrough();
  const isAnswering = new Promise<void>((resolve) => {
    app.post("/", (_request, reply) => {
      resolve();
      return reply.send(answer);
    });
  });
  const socket = await sends(app, REQUEST);
  await isAnswering;
  if (end === "client") socket.destroy();
  else answer.destroy(new Error("the disk is broken"));
  // an answer that nobody waits for any more is ended, too
  await Promise.all([once(socket, "close"), answer.closed || once(answer, "close").catch(() => undefined)]);
  await app.close();
  return failures();
}

test("a client that leaves before its answer begins is no failure of the server", async () => {
  assert.deepEqual(await failuresTold("client"), { told: [], codes: ["client-gone"] });
});

test("neither is one that leaves in the middle of what a route reads", async () => {
  const { app, isTold, failures } = appOfFailures();
  app.addContentTypeParser("*", (_request, _body, done) => done(null));
  const isReading = new Promise<void>((resolve) => {
    app.post("/", async (request) => {
      for await (const _piece of request.raw) resolve();
    });
  });
  const socket = await sends(app, "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: 9\r\n\r\nbegun");
  await isReading;
  socket.destroy();
  await isTold;
  await app.close();
  assert.deepEqual(failures(), { told: [], codes: ["client-gone"] });
});

test("an answer that cannot be made is", async () => {
  const { told, codes } = await failuresTold("fail");
  assert.match(told[0] ?? "", /the disk is broken/);
  assert.deepEqual(codes, ["500"]);
});
