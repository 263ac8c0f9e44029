import assert from "node:assert/strict";
import { test } from "node:test";
import { Broker } from "./broker.js";
import { EventQueue } from "./event-queue.js";
import { Network, type NetworkRates, quietNetwork } from "./network.js";
import { Random } from "./random.js";

/** A network between 1 and 2, and what arrives: first byte of the message and when. */
function between(rates: Partial<NetworkRates> = {}) {
  const queue = new EventQueue(0);
  const arrived: [number, number][] = [];
  const network = new Network(
    queue,
    new Random(1),
    { ...quietNetwork, ...rates },
    ({ bytes }) => arrived.push([bytes[0] as number, queue.nowMs]),
    () => undefined,
  );
  const run = (untilMs: number) => {
    while (queue.step(untilMs));
    return arrived.splice(0).map(([first]) => first);
  };
  return { network, run, arrived, queue };
}

const message = (first: number, length = 1) => new Uint8Array(length).fill(first);

test("a whole link delivers everything in order, a cut direction nothing, and the other direction goes on", () => {
  const { network, run } = between();
  network.cut(1, 2);
  network.send(1, 2, message(1));
  network.send(2, 1, message(2));
  network.restore(1, 2);
  network.send(1, 2, message(3));
  assert.deepEqual(run(100), [2, 3]);
});

test("rates of one drop, repeat and damage every message", () => {
  const dropping = between({ drop: 1 });
  dropping.network.send(1, 2, message(1));
  assert.deepEqual(dropping.run(100), []);
  const repeating = between({ duplicate: 1 });
  repeating.network.send(1, 2, message(1));
  assert.deepEqual(repeating.run(100), [1, 1]);
  const damaging = between({ bitFlip: 1 });
  damaging.network.send(1, 2, message(0));
  const [first] = damaging.run(100);
  assert.ok(first !== undefined && first !== 0 && (first & (first - 1)) === 0, "one bit is flipped");
});

test("a narrow link takes its time, and drops what would wait for too long", () => {
  const { network, arrived, queue } = between({ bytesPerMs: 1 });
  for (let i = 1; i <= 4; i++) network.send(1, 2, message(i, 2_000));
  while (queue.step(20_000));
  assert.deepEqual(arrived, [
    [1, 2_001],
    [2, 4_001],
  ]);
});

test("a healed network has no faults left", () => {
  const { network, run } = between({ drop: 1, bytesPerMs: 0.001 });
  network.cut(1, 2);
  network.clog(1, 2, 10_000);
  network.heal();
  network.send(1, 2, message(1));
  assert.deepEqual(run(10), [1]);
});

test("a broker holds messages for a cut link and delivers them once it is whole", () => {
  const { network, run } = between();
  const broker = new Broker(network, () => [1, 2]);
  network.cut(1, 2);
  for (const first of [1, 2, 3]) broker.publish(1, message(first));
  assert.deepEqual(run(10), []);
  network.restore(1, 2);
  broker.pump(1);
  broker.pump(1);
  assert.deepEqual(run(20), [1, 2, 3]);
});

test("a broker that lost its tail gives sequences again, and what is published under them is passed over", () => {
  const { network, run } = between();
  const broker = new Broker(network, () => [1, 2]);
  for (const first of [1, 2, 3, 4]) broker.publish(1, message(first));
  broker.fail(1, "loses its tail", 0.5);
  for (const first of [5, 6, 7]) broker.publish(1, message(first));
  assert.deepEqual(run(10), [1, 2, 3, 4, 7]);
});

test("a broker delivers again what it is set back by, and stores nothing while it is down", () => {
  const { network, run } = between();
  const broker = new Broker(network, () => [1, 2]);
  for (const first of [1, 2]) broker.publish(1, message(first));
  broker.fail(1, "delivers again", 0.5);
  broker.pump(1);
  const restart = broker.fail(1, "is down", 0);
  broker.publish(1, message(3));
  restart();
  broker.publish(1, message(4));
  assert.deepEqual(run(10), [1, 2, 2, 4]);
});
