import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, test } from "node:test";
import type { Outgoing } from "@murmuration/core";
import { connectNatsTransport, type NatsTransport, type NatsTransportOptions } from "@murmuration/server/nats";
import { connect } from "nats";
import { type NatsServer, type NatsServerOptions, startNatsServer } from "../support/nats.js";
import { type Relay, startRelay } from "../support/relay.js";
import { until } from "../support/until.js";

const disposals: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function server(options?: NatsServerOptions): Promise<NatsServer> {
  const started = await startNatsServer(options);
  disposals.push(() => started.dispose());
  return started;
}

async function relayTo({ port }: NatsServer): Promise<Relay> {
  const relay = await startRelay({ targetPort: port });
  disposals.push(() => relay.close());
  return relay;
}

interface Replica {
  readonly transport: NatsTransport;
  readonly log: string[];
  /** Texts of the short messages that have come, and lengths of the long ones. */
  readonly inbox: string[];
  has(texts: readonly string[]): boolean;
}

/** A replica's transport, ready unless it need not be. */
async function replica(
  replicaId: number,
  options: Partial<NatsTransportOptions> & Pick<NatsTransportOptions, "own">,
): Promise<Replica> {
  const log: string[] = [];
  const inbox: string[] = [];
  const transport = await connectNatsTransport({
    cluster: "faults",
    replicaId,
    region: "here",
    streamBytesMax: 64 * 1024 * 1024,
    startWaitMs: 20_000,
    log: (level, message, details) => log.push(`${level} ${message} ${JSON.stringify(details)}`),
    ...options,
  });
  disposals.push(() => transport.close());
  transport.onMessage((bytes) =>
    inbox.push(bytes.byteLength > 100 ? `${bytes.byteLength} bytes` : Buffer.from(bytes).toString()),
  );
  assert.ok(options.startWaitMs === 0 || transport.isReady(), log.join("\n"));
  return {
    transport,
    log,
    inbox,
    has: (texts) => {
      const held = new Set(inbox);
      return texts.every((text) => held.has(text));
    },
  };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Deflating frames must not change how much they are. */
const incompressible = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const live = (text: string): Outgoing => ({ to: undefined, lane: "live", bytes: bytesOf(text) });
const numbered = (what: string, count: number) => Array.from({ length: count }, (_, i) => `${what} ${i}`);
const linkTo = ({ transport }: Replica, region: string) =>
  transport.counters().links.find((link) => link.region === region) ?? assert.fail(`no link to ${region}`);

test("a broker that is killed and comes back while operations are published loses none of them", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  const sent: string[] = [];
  const publishing = setInterval(() => {
    const text = `operation ${sent.length}`;
    sent.push(text);
    first.transport.send([live(text)]);
  }, 2);
  try {
    for (let round = 1; round <= 2; round += 1) {
      const before = sent.length;
      await until(() => second.inbox.length > 0 && sent.length > before + 50, "operations to flow");
      // standing still first: what is in flight then was published, and is in no stream
      await broker.pause();
      const whenPaused = sent.length;
      await until(() => sent.length > whenPaused + 50, "publications in flight");
      await broker.kill();
      const whenGone = sent.length;
      await until(() => sent.length > whenGone + 50, "operations without a broker");
      await broker.restart();
      await until(() => first.transport.isReady() && second.transport.isReady(), "both to be back");
    }
  } finally {
    clearInterval(publishing);
  }
  await until(
    () => second.has(sent),
    () => `all ${sent.length} operations: ${second.inbox.length} came`,
  );
  await until(() => first.transport.counters().unacknowledgedFrames === 0, "the last acknowledgement");
  const { links, droppedMessages } = first.transport.counters();
  assert.deepEqual([links[0]?.reconnects, droppedMessages], [2, 0]);
});

test("a broker that lost its storage gets a new stream, which is read from its start", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  for (const text of numbered("before", 20)) {
    first.transport.send([live(text)]);
    await until(() => second.has([text]), text);
  }
  assert.equal(second.transport.counters().readers[0]?.position, 20);
  await broker.kill();
  broker.wipe();
  const during = numbered("during", 5);
  first.transport.send(during.map(live));
  await broker.restart();
  await until(() => second.has(during), "what was sent without a broker");
  first.transport.send([live("after")]);
  await until(() => second.has(["after"]), "what was sent to the new stream");
  assert.equal(second.transport.counters().readers[0]?.restarts, 1);
  assert.ok((second.transport.counters().readers[0]?.position ?? 99) < 20);
  assert.match(second.log.join("\n"), /wiped or cut back/);
});

test("a stream that is removed while it is used is made again", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  first.transport.send([live("before")]);
  await until(() => second.has(["before"]), "the first operation");
  const administrator = await connect({ servers: broker.url });
  await (await administrator.jetstreamManager()).streams.delete("murmur_faults");
  await administrator.close();
  first.transport.send([live("after")]);
  await until(() => second.has(["after"]), "an operation in the new stream");
  assert.ok(first.transport.counters().retries > 0);
});

test("a region whose link was cut reads what it missed, from where it was, and its own goes on meanwhile", async () => {
  const [east, west] = [await server(), await server()];
  const relay = await relayTo(east);
  const first = await replica(1, {
    region: "east",
    own: { servers: [east.url] },
    peers: [{ region: "west", servers: [west.url] }],
  });
  const second = await replica(2, {
    region: "west",
    own: { servers: [west.url] },
    peers: [{ region: "east", servers: [relay.url] }],
  });
  first.transport.send([live("before")]);
  second.transport.send([live("hello")]);
  await until(() => second.has(["before"]) && first.has(["hello"]), "both ways");

  relay.cut();
  await until(() => linkTo(second, "east").state === "reconnecting", "the link to be seen cut");
  const missed = numbered("missed", 300);
  for (const text of missed) first.transport.send([live(text)]);
  second.transport.send([live("from the other side"), { to: 1, lane: "control", bytes: bytesOf("request") }]);
  await until(() => first.has(["from the other side"]), "the way that is not cut");
  assert.equal(second.transport.counters().droppedMessages, 1, "a request to a region that is cut off is not kept");
  assert.equal(second.inbox.length, 1);
  await until(() => linkTo(second, "east").breaker === "open", "the breaker to open");

  relay.heal();
  await until(() => second.has(missed), "what was missed");
  await until(() => linkTo(second, "east").breaker === "closed", "the breaker to close");
  assert.equal(linkTo(second, "east").reconnects, 1);
  second.transport.send([{ to: 1, lane: "control", bytes: bytesOf("request again") }]);
  await until(() => first.has(["request again"]), "a request");
});

test("a link that moves nothing opens its breaker before it is given up, and only that link", async () => {
  const [east, west] = [await server(), await server()];
  const relay = await relayTo(east);
  const first = await replica(1, {
    region: "east",
    own: { servers: [east.url] },
    peers: [{ region: "west", servers: [west.url] }],
  });
  const second = await replica(2, {
    region: "west",
    own: { servers: [west.url] },
    peers: [{ region: "east", servers: [relay.url] }],
  });
  first.transport.send([{ to: undefined, lane: "control", bytes: bytesOf("heartbeat") }]);
  await until(() => second.has(["heartbeat"]), "it to be known where the other one is");
  relay.stall("fromTarget");
  await until(() => linkTo(second, "east").breaker === "open", "the breaker to open");
  second.transport.send([live("goes on"), { to: 1, lane: "bulk", bytes: bytesOf("answer") }]);
  await until(() => first.has(["goes on"]), "what goes through the own region");
  assert.equal(second.transport.counters().queuedBytes, "answer".length, "what would go over the link waits");
  assert.deepEqual([linkTo(second, "east").state, linkTo(second, "west").breaker], ["connected", "closed"]);
  await until(() => linkTo(second, "east").state === "reconnecting", "the link to be given up");
  relay.heal();
  await until(() => linkTo(second, "east").breaker === "closed", "the breaker to close");
});

test("replicas of one region that has peers hear each other, and so does the other region", async () => {
  const [east, west] = [await server(), await server()];
  const eastern = { region: "east", own: { servers: [east.url] }, peers: [{ region: "west", servers: [west.url] }] };
  const western = { region: "west", own: { servers: [west.url] }, peers: [{ region: "east", servers: [east.url] }] };
  const [first, second, third] = [await replica(1, eastern), await replica(2, eastern), await replica(3, western)];
  const readOf = ({ transport }: Replica) => transport.counters().readers.map(({ region }) => region);
  assert.deepEqual(readOf(first), ["west"], "nobody else writes to the own stream, as far as is known");
  first.transport.send([{ to: undefined, lane: "control", bytes: bytesOf("heartbeat") }, live("from the first")]);
  await until(() => second.has(["heartbeat", "from the first"]) && third.has(["heartbeat", "from the first"]), "both");
  assert.deepEqual([readOf(first), readOf(second), readOf(third)], [["west"], ["east", "west"], ["east"]]);
  second.transport.send([{ to: 1, lane: "bulk", bytes: bytesOf("to the first") }]);
  third.transport.send([{ to: 1, lane: "control", bytes: bytesOf("from the west") }]);
  await until(() => first.has(["to the first", "from the west"]), "what is meant for the first");
  assert.ok(!second.has(["from the west"]) && !third.has(["to the first"]));
});

test("a broker that stands still for a while loses nothing", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  first.transport.send([live("before")]);
  await until(() => second.has(["before"]), "the first operation");
  await broker.pause();
  const during = numbered("during", 100);
  for (const text of during) first.transport.send([live(text)]);
  await until(() => first.transport.counters().retries > 0, "a publication to be given up");
  broker.resume();
  await until(() => second.has(during), "what was sent meanwhile");
  await until(() => first.transport.counters().unacknowledgedFrames === 0, "the acknowledgements");
});

test("messages longer than the server takes travel in parts, on every lane", async () => {
  const broker = await server({ config: "max_payload: 65536", isOpen: true });
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 7 + (at >> 9)) & 255);
  const arrived: Uint8Array[] = [];
  second.transport.onMessage((message) => arrived.push(message));
  first.transport.send([
    { to: undefined, lane: "live", bytes },
    { to: 2, lane: "control", bytes: bytes.subarray(1) },
    { to: 2, lane: "bulk", bytes: bytes.subarray(2) },
  ]);
  await until(() => arrived.length === 3, "three long messages");
  const byLength = arrived.sort((a, b) => b.byteLength - a.byteLength);
  for (const [skipped, message] of byLength.entries())
    assert.ok(Buffer.from(message).equals(Buffer.from(bytes.subarray(skipped))));
  const { malformedFrames, reassemblyBytes, incompleteMessages } = second.transport.counters();
  assert.deepEqual([malformedFrames, reassemblyBytes, incompleteMessages], [0, 0, 0]);
});

test("what is sent in one go travels together, and one alone does not wait", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  first.transport.send([live("alone")]);
  await until(() => second.has(["alone"]), "one alone");
  const many = numbered("operation", 10_000);
  for (const text of many) first.transport.send([live(text)]);
  await until(() => second.has(many), "many");
  const frames = second.transport.counters().readers[0]?.position ?? 0;
  assert.ok(frames < 50, `${frames} frames for 10,001 messages`);
});

test("a reader that comes back goes on from its saved position, however long it was away", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const saved = new Map<string, number>();
  const positions = {
    load: (region: string) => saved.get(region),
    save: (region: string, sequence: number) => void saved.set(region, sequence),
  };
  const [first, second] = [await replica(1, { own }), await replica(2, { own, positions })];
  first.transport.send([live("before")]);
  await until(() => second.has(["before"]), "the first operation");
  second.transport.close();
  assert.deepEqual([...saved], [["here", 1]]);
  const meanwhile = numbered("meanwhile", 200);
  for (const text of meanwhile) {
    first.transport.send([live(text)]);
    await until(() => first.transport.counters().unacknowledgedFrames === 0, "a frame of its own for each");
  }
  const again = await replica(2, { own, positions });
  await until(() => again.has(meanwhile), "what was sent meanwhile");
  assert.ok(!again.has(["before"]));
});

test("a position beyond the end of the stream is that of a stream that is gone", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const first = await replica(1, { own });
  const all = numbered("operation", 3);
  first.transport.send(all.map(live));
  await until(() => first.transport.counters().unacknowledgedFrames === 0, "the stream to have them");
  const second = await replica(2, { own, positions: { load: () => 1_000, save: () => undefined } });
  await until(() => second.has(all), "all of the new stream");
  assert.equal(second.transport.counters().readers[0]?.restarts, 1);
});

test("a replica starts without its broker, keeps what it has to say, and says it when the broker is there", async () => {
  const broker = await server();
  await broker.kill();
  const own = { servers: [broker.url] };
  const first = await replica(1, { own, startWaitMs: 0 });
  const early = numbered("early", 10);
  first.transport.send(early.map(live));
  first.transport.send([{ to: undefined, lane: "control", bytes: bytesOf("heartbeat") }]);
  await until(() => linkTo(first, "here").failures > 1, "attempts to connect");
  assert.equal(first.transport.counters().droppedMessages, 1, "a heartbeat is not kept");
  await broker.restart();
  const second = await replica(2, { own });
  await until(() => second.has(early), "what was kept");
});

test("bulk keeps to its rate, and what is urgent does not wait for it", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const rate = 1_000_000;
  const [first, second] = [await replica(1, { own, bulkBytesPerSecondMax: rate }), await replica(2, { own })];
  const started = performance.now();
  const parts = 30;
  for (let part = 0; part < parts; part += 1)
    first.transport.send([{ to: 2, lane: "bulk", bytes: incompressible(100_000) }]);
  first.transport.send([{ to: 2, lane: "control", bytes: bytesOf("urgent") }]);
  await until(() => second.has(["urgent"]), "the urgent message");
  assert.ok(second.inbox.length < parts, "before the bulk");
  await until(() => second.inbox.length === parts + 1, "the bulk");
  const tookMs = performance.now() - started;
  // one second's worth goes at once, and a frame may overdraw; how much longer it takes is the machine's
  assert.ok(tookMs > 1_500, `${tookMs} ms for 3 MB at 1 MB/s`);
});

test("clusters of other names hear nothing of each other, whatever their names are", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const names = ["a", "a.b", "a.*", "*", ">", "a b", "A"];
  const replicas = await Promise.all(names.map((cluster, i) => replica(i + 1, { own, cluster })));
  const twin = await replica(100, { own, cluster: "a" });
  for (const { transport } of replicas)
    for (const lane of ["live", "control"] as const)
      transport.send([{ to: undefined, lane, bytes: bytesOf("to my own") }]);
  await until(() => twin.inbox.length === 2, "the messages of the one cluster");
  twin.transport.send([live("end")]);
  await until(() => replicas[0]?.has(["end"]) === true, "its end");
  assert.deepEqual(
    replicas.map(({ inbox }) => inbox),
    [["end"], [], [], [], [], [], []],
  );
});

test("a process hears another one that runs under its replica id", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [one, other] = [await replica(1, { own }), await replica(1, { own })];
  one.transport.send([{ to: undefined, lane: "control", bytes: bytesOf("heartbeat") }]);
  await until(() => other.has(["heartbeat"]), "the heartbeat");
  assert.deepEqual(one.inbox, []);
});

test("what waits is sent before a transport that drains is closed", async () => {
  const broker = await server();
  const own = { servers: [broker.url] };
  const [first, second] = [await replica(1, { own }), await replica(2, { own })];
  const last = numbered("last", 1_000);
  first.transport.send(last.map(live));
  first.transport.send([{ to: 2, lane: "bulk", bytes: new Uint8Array(2_000_000) }]);
  await first.transport.drain();
  assert.equal(linkTo(first, "here").state, "closed");
  await until(() => second.has([...last, "2000000 bytes"]), "everything");
});

test("bytes that are no frame are counted, logged once and change nothing", async () => {
  const broker = await server();
  const first = await replica(1, { own: { servers: [broker.url] } });
  const stranger = await connect({ servers: broker.url });
  for (const bytes of [[], [9, 9], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]])
    stranger.publish("murmur.faults.to.1.9", Uint8Array.from(bytes));
  // a good frame, under subjects that name no sender
  const good = Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65);
  for (const sender of ["nobody", "0", "016", "16777216"]) stranger.publish(`murmur.faults.to.1.${sender}`, good);
  await stranger.drain();
  await until(() => first.transport.counters().malformedFrames === 7, "seven of them");
  assert.equal(first.log.filter((line) => line.includes("cannot be read")).length, 1);
  assert.deepEqual(first.inbox, []);
});
