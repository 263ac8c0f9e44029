import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Outgoing, Transport } from "./transport.js";

/** A fresh network, and how to get rid of it. */
export interface TransportsUnderTest {
  /** The transport of a replica, ready to send and receive. After `close`, it may be asked for again. */
  connect(id: number): Transport | Promise<Transport>;
  /** Until nothing is under way any more. */
  settle(): void | Promise<void>;
  /** Do messages of one sender and lane arrive in the order in which they were sent? */
  readonly keepsOrder: boolean;
  /** Bound on what waits in one transport: 64 KiB to 1 MiB, so that it can be reached here. */
  readonly queueBytesMax: number;
  dispose(): void | Promise<void>;
}

const LANES = ["live", "control", "bulk"] as const;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const message = (text: string, to?: number, lane: Outgoing["lane"] = "live"): Outgoing => ({
  to,
  lane,
  bytes: bytesOf(text),
});

/** Registers the tests that every adapter of the `Transport` port passes. */
export function transportConformance(
  name: string,
  makeTransports: () => TransportsUnderTest | Promise<TransportsUnderTest>,
): void {
  describe(`${name} keeps the contract of a transport`, () => {
    let subject: TransportsUnderTest;
    const inboxes = new Map<number, Uint8Array[]>();
    const senders = new Map<number, Set<number>>();
    const texts = (id: number) => (inboxes.get(id) ?? []).map((bytes) => new TextDecoder().decode(bytes));

    async function connect(id: number): Promise<Transport> {
      const transport = await subject.connect(id);
      const inbox: Uint8Array[] = [];
      inboxes.set(id, inbox);
      senders.set(id, new Set());
      transport.onMessage((bytes, sender) => {
        inbox.push(bytes.slice());
        senders.get(id)?.add(sender);
      });
      return transport;
    }

    beforeEach(async () => {
      inboxes.clear();
      subject = await makeTransports();
    });
    afterEach(() => subject.dispose());

    test("a message for one reaches it alone, a message for all everyone but its sender", async () => {
      const first = await connect(1);
      for (const id of [2, 3, 16_777_215]) await connect(id);
      first.send([message("to 2", 2), message("to last", 16_777_215, "bulk")]);
      first.send([message("to all", undefined, "control")]);
      first.send([message("to itself", 1)]);
      await subject.settle();
      assert.deepEqual(texts(1), []);
      assert.deepEqual(texts(2).sort(), ["to 2", "to all"]);
      assert.deepEqual(texts(3), ["to all"]);
      assert.deepEqual(texts(16_777_215).sort(), ["to all", "to last"]);
      for (const id of [2, 3, 16_777_215])
        assert.deepEqual([...(senders.get(id) ?? [])], [1], "who has sent it is told");
    });

    test("bytes arrive as they were, of any value and size", async () => {
      const first = await connect(1);
      await connect(2);
      const all = [1, 2, 255, 4096, 60_000].map((length) => Uint8Array.from({ length }, (_, at) => (at * 7) & 255));
      const size = (bytes: Uint8Array) => bytes.byteLength;
      for (const bytes of all) {
        first.send([{ to: 2, lane: "bulk", bytes }]);
        await subject.settle();
      }
      const arrived = [...(inboxes.get(2) ?? [])].sort((a, b) => size(a) - size(b));
      assert.deepEqual(
        arrived.map((bytes) => [...bytes]),
        all.map((bytes) => [...bytes]),
      );
    });

    test("everything arrives, in order per sender and lane where that is promised", async () => {
      const first = await connect(1);
      const second = await connect(2);
      await connect(3);
      const sent: string[] = [];
      for (let round = 0; round < 50; round += 1) {
        for (const [sender, transport] of [first, second].entries()) {
          for (const lane of LANES) {
            const text = `${sender} ${lane} ${String(round).padStart(2, "0")}`;
            sent.push(text);
            transport.send([message(text, 3, lane)]);
          }
        }
      }
      await subject.settle();
      assert.deepEqual(texts(3).sort(), sent.sort());
      if (!subject.keepsOrder) return;
      for (const sender of [0, 1]) {
        for (const lane of LANES) {
          const arrived = texts(3).filter((text) => text.startsWith(`${sender} ${lane}`));
          assert.deepEqual(arrived, arrived.slice().sort());
        }
      }
    });

    test("a receiver that is gone or never was takes nothing from the others", async () => {
      const first = await connect(1);
      const second = await connect(2);
      const third = await connect(3);
      second.close();
      second.close();
      first.send([message("to 2", 2), message("to nobody", 99), message("to 3", 3), message("to all")]);
      second.send([message("from the grave", 3)]);
      await subject.settle();
      assert.deepEqual(texts(2), []);
      assert.deepEqual(texts(3).sort(), ["to 3", "to all"]);
      third.send([message("answer", 1)]);
      await subject.settle();
      assert.deepEqual(texts(1), ["answer"]);
    });

    test("who comes back under its id gets what is sent from then on", async () => {
      const first = await connect(1);
      const second = await connect(2);
      first.send([message("before", 2)]);
      await subject.settle();
      second.close();
      const again = await connect(2);
      first.send([message("after", 2)]);
      again.send([message("hello")]);
      await subject.settle();
      assert.ok(texts(2).includes("after"));
      assert.deepEqual(texts(1), ["hello"]);
    });

    test("what is sent while a message is taken arrives too", async () => {
      const first = await connect(1);
      const second = await connect(2);
      second.onMessage((bytes) => second.send([message(`re: ${new TextDecoder().decode(bytes)}`, 1)]));
      first.send([message("a", 2), message("b", 2, "bulk")]);
      await subject.settle();
      assert.deepEqual(texts(1).sort(), ["re: a", "re: b"]);
    });

    test("the queue is bounded: bulk is dropped and counted, and live messages get through", async () => {
      const first = await connect(1);
      await connect(2);
      const part = new Uint8Array(Math.floor(subject.queueBytesMax / 16));
      for (let at = 0; at < 64; at += 1) {
        first.send([{ to: 2, lane: "bulk", bytes: part }]);
        assert.ok(first.counters().queuedBytes <= subject.queueBytesMax);
      }
      first.send([message("urgent", 2)]);
      assert.ok(first.counters().queuedBytes <= subject.queueBytesMax);
      const { droppedMessages } = first.counters();
      await subject.settle();
      assert.ok(texts(2).includes("urgent"));
      assert.equal(texts(2).length, 65 - droppedMessages);
      assert.equal(first.counters().queuedBytes, 0);
      assert.ok(droppedMessages > 0 && first.counters().sentMessages === 65 - droppedMessages);
    });
  });
}
