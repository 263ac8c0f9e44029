import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { onClientError } from "../http/connections.js";
import { type Handler, makeServer } from "../http/make-server.js";
import { Relay } from "./relay.js";
import { threadStream } from "./thread-stream.js";

/** Longer than any test takes. */
const HOUR_MS = 3_600_000;
/** What one thread has for another before that has to have taken some of it, several times. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** A server that hears of its connections from other threads, and what makes one. */
function hosted(requestTimeoutMs: number, handler: Handler): () => Duplex {
  const server = makeServer(requestTimeoutMs, undefined, handler).on("clientError", onClientError);
  // Node looks for requests that are overdue while it listens
  server.emit("listening");
  return () => {
    const { port1: near, port2: far } = new MessageChannel();
    server.emit("connection", threadStream(far));
    return threadStream(near);
  };
}

describe("what a thread passes on", { timeout: 60_000 }, () => {
  for (const how of ["with its length", "in chunks"] as const) {
    it(`is answered before its body has come, ${how}, and the next request of the connection is reached`, async (test: TestContext) => {
      const connect = hosted(HOUR_MS, (asked, answer) => {
        answer.writeHead(asked.method === "POST" ? 415 : 200).end("answered");
      });
      const relay = new Relay(connect);
      const listener = makeServer(HOUR_MS, undefined, (asked, answer) => relay.pass(asked, answer));
      await once(listener.listen(0, "127.0.0.1"), "listening");
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      test.after(() => {
        agent.destroy();
        relay.close();
        listener.close();
      });
      const { port } = listener.address() as AddressInfo;
      const ask = async (method: string, body: Buffer) => {
        const headers = how === "in chunks" ? {} : { "content-length": body.length };
        const asking = request({ port, method, agent, headers });
        asking.end(body);
        const [answer] = await once(asking, "response");
        return [answer.statusCode, Buffer.concat(await answer.toArray()).toString()];
      };
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(await ask("POST", Buffer.alloc(LARGE_BYTES)), [415, "answered"]);
        assert.deepEqual(await ask("GET", Buffer.alloc(0)), [200, "answered"]);
      }
    });
  }

  it("is told that it did not arrive in its time, and ends", async () => {
    const near = hosted(100, () => assert.fail("it is no request yet"))();
    near.write("GET / HTTP/1.1\r\nhost: test\r\n");
    let text = "";
    near.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    await once(near, "close");
    assert.match(
      text,
      /^HTTP\/1\.1 408 Request Timeout\r\n(.|\r\n)*"Timeout: the request did not arrive whole in its time"/,
    );
  });
});
