import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type LinkQuality, type Relay, startRelay } from "./relay.js";
import { until } from "./until.js";

/** A server that sends back what it gets, through a relay. */
describe("a relay", () => {
  let server: Server;
  let relay: Relay | undefined;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await relay?.close();
    server.close();
  });

  async function through(quality: Partial<LinkQuality> = {}, random?: () => number) {
    const { port: targetPort } = server.address() as AddressInfo;
    relay = await startRelay({ targetPort, quality, ...(random === undefined ? {} : { random }) });
    return { relay, ...(await client(relay)) };
  }

  async function client({ port }: Relay) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    clients.push(socket);
    const got: Buffer[] = [];
    let isClosed = false;
    socket.on("data", (bytes: Buffer) => got.push(bytes));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      isClosed = true;
    });
    await once(socket, "connect");
    const text = () => Buffer.concat(got).toString();
    return { socket, text, bytes: () => Buffer.concat(got), isClosed: () => isClosed };
  }

  test("passes bytes on in their order, however they are cut", async () => {
    const { socket, bytes, relay } = await through({ jitterMs: 3 });
    const sent = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
    for (let at = 0; at < sent.length; at += 7_001) socket.write(sent.subarray(at, at + 7_001));
    await until(() => bytes().length === sent.length, "everything comes back");
    assert.deepEqual(bytes(), sent);
    assert.deepEqual(relay.counters(), { connections: 1, bytesThere: sent.length, bytesBack: sent.length });
  });

  test("takes its delay in each direction, and as many bytes are under way as fit", async () => {
    const { socket, text } = await through({ delayMs: 40 });
    const began = performance.now();
    for (let i = 0; i < 10; i++) socket.write("x");
    await until(() => text().length === 10, "all come back");
    const tookMs = performance.now() - began;
    assert.ok(tookMs >= 79, `there and back takes twice the delay: ${tookMs}`);
    assert.ok(tookMs < 500, `they do not wait for each other: ${tookMs}`);
  });

  test("lets no more bytes through than its bandwidth has", async () => {
    const { socket, bytes } = await through({ bytesPerSecond: 1_000_000 });
    const began = performance.now();
    socket.write(Buffer.alloc(200_000));
    await until(() => bytes().length === 200_000, "all come back");
    assert.ok(
      performance.now() - began >= 199,
      "each direction takes a fifth of a second, one after the other in part",
    );
  });

  test("sends a lost segment again after a timeout, and what is behind it waits", async () => {
    const draws = [0, 0, 0.9];
    const { socket, text } = await through({ lossRate: 0.5 }, () => draws.shift() ?? 0.9);
    const began = performance.now();
    socket.write("a");
    await until(() => text() === "a", "it comes back");
    assert.ok(performance.now() - began >= 199, "one loss is one timeout");
  });

  test("stalls one way without anybody being told, and goes on with what was under way", async () => {
    const { socket, text, isClosed, relay } = await through();
    relay.set({ isStalled: true }, "back");
    socket.write("there");
    await until(() => relay.counters().bytesThere === 5, "it arrives there");
    assert.deepEqual([text(), isClosed()], ["", false]);
    relay.set({ isStalled: false }, "back");
    await until(() => text() === "there", "the answer comes");
  });

  test("cuts every connection, refuses new ones, and takes them again when it is healed", async () => {
    const first = await through();
    first.relay.cut();
    await until(() => first.isClosed(), "the connection ends");
    const second = await client(first.relay);
    await until(() => second.isClosed(), "a new one ends at once");
    first.relay.heal();
    const third = await client(first.relay);
    third.socket.write("again");
    await until(() => third.text() === "again", "a connection works again");
  });

  test("ends a connection when one end is done, after all that was under way", async () => {
    const { socket, text, isClosed } = await through({ delayMs: 20 });
    socket.end("last");
    await until(() => isClosed(), "it closes");
    assert.equal(text(), "last");
  });
});
