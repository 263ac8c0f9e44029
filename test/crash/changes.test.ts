import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EventReader } from "@murmuration/server/testing/event-reader";
import {
  type Answer,
  killAllServers,
  newFolder,
  removeFolder,
  type ServerProcess,
  startServer,
} from "../support/server.js";
import { until } from "../support/until.js";

const CLIENTS = 100;
const BATCHES = 40;
const BATCH = 10;
const PATH = "/murmur/collections/c/changes";

interface Told {
  readonly dot?: string;
  readonly id?: number;
}

/** Follows from the first operation on, whatever becomes of the server. */
class Client {
  readonly dots = new Map<string, number>();
  readonly ids = new Set<number>();
  connections = 0;
  #isOver = false;
  #reader: EventReader | undefined;

  async run(address: () => string): Promise<void> {
    let lastId: string | undefined;
    while (!this.#isOver) {
      try {
        const headers = lastId === undefined ? {} : { "last-event-id": lastId };
        const reader = await EventReader.open(`${address()}${PATH}?from=start`, { headers });
        this.#reader = reader;
        this.connections += 1;
        for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
          const { dot, id } = JSON.parse(event.data) as Told;
          if (dot === undefined) continue;
          this.dots.set(dot, (this.dots.get(dot) ?? 0) + 1);
          if (id !== undefined) this.ids.add(id);
          lastId = event.id;
        }
      } catch {
        await pause(20);
      }
    }
  }

  close(): void {
    this.#isOver = true;
    this.#reader?.close();
  }
}

test("a hundred clients see every acknowledged operation once, over kill -9 in between", async () => {
  const folder = newFolder("changes");
  let server: ServerProcess | undefined;
  const clients = Array.from({ length: CLIENTS }, () => new Client());
  after(() => {
    for (const client of clients) client.close();
    killAllServers();
    removeFolder(folder);
  });
  server = await startServer({ dataFolder: folder });
  let { address } = server;
  const made = await server.request("PUT", "/collections/c", { vectors: { size: 4, distance: "Dot" } });
  assert.equal(made.status, 200);
  const running = clients.map((client) => client.run(() => address));
  const acknowledged: number[] = [];
  const kills = new Set([BATCHES / 2]);
  const areConnected = () => clients.every(({ connections }) => connections >= 1);
  let killed: Promise<void> | undefined;
  for (let batch = 0; batch < BATCHES; batch++) {
    const points = Array.from({ length: BATCH }, (_, i) => ({ id: batch * BATCH + i, vector: [batch, i, 1, 0] }));
    if (kills.has(batch)) await until(areConnected, "everybody follows");
    const writing: Promise<Answer> = server.request("PUT", "/collections/c/points?wait=true", { points });
    // in the middle of a request; what it was about is written again where nobody said that it was done
    if (kills.delete(batch)) killed = server.kill();
    const answer: Answer | undefined = await writing.catch(() => undefined);
    if (answer?.status === 200) acknowledged.push(...points.map(({ id }) => id));
    if (killed === undefined) {
      assert.equal(answer?.status, 200);
      continue;
    }
    await killed;
    killed = undefined;
    server = await startServer({ dataFolder: folder });
    address = server.address;
    if (answer?.status !== 200) batch -= 1;
  }
  const reference = new Client();
  clients.push(reference);
  running.push(reference.run(() => address));
  await until(() => acknowledged.every((id) => reference.ids.has(id)), "the log is told whole");
  await until(() => clients.every(({ dots }) => dots.size >= reference.dots.size), "everybody was told as much");
  for (const client of clients) {
    assert.deepEqual([...client.dots.keys()].sort(), [...reference.dots.keys()].sort());
    assert.ok([...client.dots.values()].every((times) => times === 1));
    client.close();
  }
  assert.ok(clients.slice(0, CLIENTS).every(({ connections }) => connections >= 2));
  await Promise.all(running);
  await server.stop();
});
