import assert from "node:assert/strict";
import { test } from "node:test";
import { transportConformance } from "./conformance.js";
import { MemoryNetwork } from "./memory-transport.js";

transportConformance("MemoryNetwork", () => {
  const queueBytesMax = 256 * 1024;
  const network = new MemoryNetwork(queueBytesMax);
  return {
    connect: (id) => network.connect(id),
    settle: () => void network.deliver(),
    keepsOrder: true,
    queueBytesMax,
    dispose: () => undefined,
  };
});

const bytes = Uint8Array.of(1);

test("live messages overtake control messages, and those bulk", () => {
  const network = new MemoryNetwork();
  const first = network.connect(1);
  const arrived: number[] = [];
  network.connect(2).onMessage(([value]) => arrived.push(value as number));
  for (const [at, lane] of (["bulk", "control", "live", "bulk", "live"] as const).entries()) {
    first.send([{ to: 2, lane, bytes: Uint8Array.of(at) }]);
  }
  assert.equal(network.deliver(2), 2);
  assert.deepEqual(arrived, [2, 4]);
  assert.equal(network.deliver(), 3);
  assert.deepEqual(arrived, [2, 4, 1, 0, 3]);
});

test("a message whose taker fails is not lost", () => {
  const network = new MemoryNetwork();
  const first = network.connect(1);
  let taken = 0;
  network.connect(2).onMessage(() => {
    taken += 1;
    if (taken === 1) throw new Error("the disk is full");
    // sent while a message is taken, and more urgent than it
    if (taken === 2) first.send([{ to: 2, lane: "live", bytes }]);
  });
  first.send([{ to: 2, lane: "bulk", bytes }]);
  assert.throws(() => network.deliver(), /full/);
  assert.deepEqual(first.counters(), { sentMessages: 0, droppedMessages: 0, queuedBytes: 1 });
  assert.equal(network.deliver(), 2);
  assert.equal(taken, 3);
  assert.deepEqual(first.counters(), { sentMessages: 2, droppedMessages: 0, queuedBytes: 0 });
});

test("a replica connects once at a time", () => {
  const network = new MemoryNetwork();
  const first = network.connect(1);
  assert.throws(() => network.connect(1), /connects once/);
  first.close();
  network.connect(1);
});
