import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, afterEach, before, test } from "node:test";
import { lossDelayMs } from "./delay-line.js";
import { Random } from "./random.js";
import { type Relay, type RelayOptions, startRelay } from "./relay.js";
import { until } from "./until.js";

let echo: Server;
const relays: Relay[] = [];
const clients: Socket[] = [];

before(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(relays.splice(0).map((relay) => relay.close()));
});
after(() => echo.close());

async function relayTo(options: Omit<RelayOptions, "targetPort"> = {}): Promise<Relay> {
  const relay = await startRelay({ ...options, targetPort: (echo.address() as AddressInfo).port });
  relays.push(relay);
  return relay;
}

/** A client of the echo server, with what has come back. */
async function clientOf(relay: Relay) {
  const socket = connect({ port: relay.port, host: "127.0.0.1" });
  clients.push(socket);
  socket.setNoDelay(true);
  const chunks: Buffer[] = [];
  const state = { bytes: 0, isClosed: false };
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    state.bytes += chunk.byteLength;
  });
  socket.on("error", () => undefined);
  socket.once("close", () => {
    state.isClosed = true;
  });
  await until(() => !socket.connecting || state.isClosed, "a connection, or its end");
  return { socket, state, received: () => Buffer.concat(chunks) };
}

test("a byte comes back after one delay there and one back", async () => {
  const { socket, state } = await clientOf(await relayTo({ delayMs: 40 }));
  const took: number[] = [];
  // more on a machine that is busy
  for (let round = 1; round <= 5 || (Math.min(...took) >= 110 && round <= 200); round += 1) {
    const started = performance.now();
    socket.write("x");
    await once(socket, "data");
    took.push(performance.now() - started);
    assert.equal(state.bytes, round);
  }
  assert.ok(Math.min(...took) >= 80, `never faster than the link: ${took}`);
  assert.ok(Math.min(...took) < 110, `and not much slower: ${took}`);
});

test("the delay changes under a connection, and directions differ", async () => {
  const relay = await relayTo();
  const { socket } = await clientOf(relay);
  relay.set({ delayMs: 60 }, "fromTarget");
  const took: number[] = [];
  do {
    const started = performance.now();
    socket.write("x");
    await once(socket, "data");
    took.push(performance.now() - started);
  } while (Math.min(...took) >= 110 && took.length < 200);
  assert.ok(Math.min(...took) >= 60 && Math.min(...took) < 110, `${took} ms`);
});

test("a delay takes nothing from the throughput, and jitter nothing from the order", async () => {
  const { socket, state, received } = await clientOf(await relayTo({ delayMs: 50, jitterMs: 30 }));
  const sent = Buffer.from(Uint8Array.from({ length: 16 * 1024 * 1024 }, (_, at) => (at * 31 + (at >> 8)) & 255));
  const started = performance.now();
  for (let at = 0; at < sent.length; at += 64 * 1024) socket.write(sent.subarray(at, at + 64 * 1024));
  await until(() => state.bytes === sent.length, "all to come back");
  // a sleep of 50 ms for each of 256 chunks would be 12 s
  assert.ok(performance.now() - started < 4_000);
  assert.ok(received().equals(sent));
});

test("the bandwidth is kept, over all connections together", async () => {
  const relay = await relayTo();
  relay.set({ bandwidthBytesPerSecond: 2_000_000 }, "toTarget");
  const pair = [await clientOf(relay), await clientOf(relay)];
  const took: number[] = [];
  do {
    const started = performance.now();
    for (const { socket } of pair) socket.write(Buffer.alloc(400_000));
    const bytes = 400_000 * (took.length + 1);
    await until(() => pair.every(({ state }) => state.bytes === bytes), "all to come back");
    took.push(performance.now() - started);
  } while (Math.min(...took) >= 800 && took.length < 50);
  assert.ok(Math.min(...took) >= 390 && Math.min(...took) < 800, `${took} ms`);
});

test("a cut resets what is open and refuses what comes, until it is healed", async () => {
  const relay = await relayTo();
  const first = await clientOf(relay);
  first.socket.write("x");
  await until(() => first.state.bytes === 1, "an answer");
  relay.cut();
  await until(() => first.state.isClosed, "the connection to end");
  const second = await clientOf(relay);
  await until(() => second.state.isClosed, "the connection to be refused");
  relay.heal();
  const third = await clientOf(relay);
  third.socket.write("x");
  await until(() => third.state.bytes === 1, "an answer");
  const { bytes, cutConnections, openConnections } = relay.counters();
  assert.deepEqual(
    { bytes, cutConnections, openConnections },
    {
      bytes: { toTarget: 2, fromTarget: 2 },
      cutConnections: 2,
      openConnections: 1,
    },
  );
});

test("a direction that is stalled keeps what it has and moves it on when it is healed; the other goes on", async () => {
  const relay = await relayTo();
  const { socket, state } = await clientOf(relay);
  relay.stall("fromTarget");
  socket.write("abc");
  await until(() => relay.counters().bytes.toTarget === 3, "the way there to go on");
  const late = await clientOf(relay);
  late.socket.write("de");
  await until(() => relay.counters().bytes.toTarget === 5, "a new connection to be stalled the same way");
  assert.deepEqual(
    [state, late.state],
    [
      { bytes: 0, isClosed: false },
      { bytes: 0, isClosed: false },
    ],
  );
  relay.heal();
  await until(() => state.bytes === 3 && late.state.bytes === 2, "what was kept");
});

test("an end arrives behind the bytes before it", async () => {
  const { socket, state } = await clientOf(await relayTo({ delayMs: 30 }));
  socket.end("last words");
  await until(() => state.isClosed, "the connection to end");
  assert.equal(state.bytes, 10);
});

test("losses are felt as delay, more of them as more, and in the end as a reset", () => {
  const numbers = new Random(7);
  const random = () => numbers.below(2 ** 32) / 2 ** 32;
  const shape = { delayMs: 75, jitterMs: 0, bandwidthBytesPerSecond: Number.POSITIVE_INFINITY, lossRate: 0.3 };
  assert.equal(lossDelayMs(1_000_000, { ...shape, lossRate: 0 }, random), 0);
  const small = Array.from({ length: 100_000 }, () => lossDelayMs(100, shape, random));
  const late = small.filter((ms) => ms !== 0);
  assert.ok(Math.abs(late.length / small.length - 0.3) < 0.02, "as many are late as packets are lost");
  assert.ok(
    late.every((ms) => ms === undefined || ms >= 300),
    "by a timeout at least",
  );
  const resets = small.filter((ms) => ms === undefined).length;
  assert.ok(resets >= 5 && resets < 60, `${resets} resets: 0.3^7 of them`);
  const large = Array.from({ length: 1_000 }, () => lossDelayMs(64 * 1024, shape, random));
  assert.ok(large.filter((ms) => ms === 150).length > 600, "a round trip where more packets follow");
});
