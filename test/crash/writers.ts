import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../support/random.js";
import type { ServerProcess } from "../support/server.js";

// Writers, each with points of its own and one request at a time: when the server dies, each knows its points but for one request,
// which was done wholly or not at all.

const COLLECTION = "/collections/c";
export const DIMENSIONS = 32;
const IDS_PER_WRITER = 40;
const FIELDS = ["a", "b", "c"];

interface StoredPoint {
  readonly payload: { readonly [field: string]: number };
  /** None when it was deleted. */
  readonly vector: readonly number[] | undefined;
}
type Points = ReadonlyMap<number, StoredPoint>;

interface Write {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly body: unknown;
  /** The writer's points once it is done. */
  readonly after: Points;
}

/** Integers, so that they come back as they went. Few directions, so that graphs are not trivial. */
function vectorOf(random: Random): number[] {
  return Array.from({ length: DIMENSIONS }, () => random.below(200) - 100);
}

export class Writer {
  readonly #random: Random;
  readonly #ids: readonly number[];
  #points: Points = new Map();
  #inFlight: Write | undefined;
  acknowledged = 0;

  constructor(index: number, seed: number) {
    this.#random = new Random(seed + index);
    this.#ids = Array.from({ length: IDS_PER_WRITER }, (_, i) => 1_000_000 * (index + 1) + i);
  }

  /** Writes until the server is gone or `stop` says so. An answer that is no success must have changed nothing. */
  async run(server: ServerProcess, stop: () => boolean, onAcknowledged: () => void): Promise<void> {
    while (!stop()) {
      const write = this.#next();
      this.#inFlight = write;
      let status: number;
      try {
        ({ status } = await server.request(write.method, `${COLLECTION}${write.path}`, write.body));
      } catch {
        return;
      }
      this.#inFlight = undefined;
      if (status !== 200) {
        assert.equal(status, 503, "a write is refused only because the server stops");
        return;
      }
      this.#points = write.after;
      this.acknowledged++;
      onAcknowledged();
    }
  }

  /** After a restart: every acknowledged write is there, and the one in flight wholly or not at all. */
  check(stored: ReadonlyMap<number, StoredPoint>): "done" | "not done" | "none in flight" {
    const found = new Map([...stored].filter(([id]) => this.#ids.includes(id)));
    const write = this.#inFlight;
    this.#inFlight = undefined;
    const before = describe(this.#points);
    if (write === undefined || describe(found) === before) {
      assert.equal(describe(found), before, "exactly what was acknowledged is there");
      return write === undefined ? "none in flight" : "not done";
    }
    assert.equal(describe(found), describe(write.after), `${write.method} ${write.path} was done wholly or not at all`);
    this.#points = write.after;
    return "done";
  }

  #next(): Write {
    const random = this.#random;
    const present = this.#ids.filter((id) => this.#points.has(id));
    const kind = present.length === 0 ? 0 : random.below(9);
    if (kind <= 2) return this.#upsert();
    const points = this.#some(present);
    const payload = { [random.pick(FIELDS)]: random.below(1000), [random.pick(FIELDS)]: random.below(1000) };
    const field = random.pick(FIELDS);
    const change = (next: (point: StoredPoint) => StoredPoint | undefined): Points => {
      const after = new Map(this.#points);
      for (const id of points) {
        const changed = next(after.get(id) as StoredPoint);
        if (changed === undefined) after.delete(id);
        else after.set(id, changed);
      }
      return after;
    };
    const post = { method: "POST", body: { points } } as const;
    switch (kind) {
      case 3: {
        const after = change((point) => ({ ...point, payload: { ...point.payload, ...payload } }));
        return { ...post, path: "/points/payload", body: { points, payload }, after };
      }
      case 4:
        return {
          method: "PUT",
          path: "/points/payload",
          body: { points, payload },
          after: change((point) => ({ ...point, payload })),
        };
      case 5: {
        const without = ({ [field]: _, ...rest }: StoredPoint["payload"]) => rest;
        const after = change((point) => ({ ...point, payload: without(point.payload) }));
        return { ...post, path: "/points/payload/delete", body: { points, keys: [field] }, after };
      }
      case 6:
        return { ...post, path: "/points/delete", after: change(() => undefined) };
      case 7: {
        const vectors = new Map(points.map((id) => [id, vectorOf(random)] as const));
        const after = new Map(this.#points);
        for (const [id, vector] of vectors) after.set(id, { ...(after.get(id) as StoredPoint), vector });
        const body = { points: [...vectors].map(([id, vector]) => ({ id, vector })) };
        return { method: "PUT", path: "/points/vectors", body, after };
      }
      default:
        return { ...post, path: "/points/payload/clear", after: change((point) => ({ ...point, payload: {} })) };
    }
  }

  #upsert(): Write {
    const ids = this.#some(this.#ids);
    const points = ids.map((id) => ({ id, vector: vectorOf(this.#random), payload: { a: this.#random.below(1000) } }));
    const after = new Map(this.#points);
    for (const { id, vector, payload } of points) after.set(id, { payload, vector });
    return { method: "PUT", path: "/points", body: { points }, after };
  }

  #some(ids: readonly number[]): number[] {
    const count = Math.min(ids.length, 1 + this.#random.below(8));
    const from = this.#random.below(ids.length);
    return Array.from({ length: count }, (_, i) => ids[(from + i) % ids.length] as number);
  }
}

function describe(points: Points): string {
  const sorted = [...points].sort(([a], [b]) => a - b);
  return JSON.stringify(
    sorted.map(([id, { payload, vector }]) => [
      id,
      Object.entries(payload).sort(([a], [b]) => (a < b ? -1 : 1)),
      vector ?? null,
    ]),
  );
}

/** Makes the collection, with points that no writer touches, so that its graph takes time to write. */
export async function makeCollection(server: ServerProcess, baseCount: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const created = await server.request("PUT", COLLECTION, { vectors: { size: DIMENSIONS, distance: "Euclid" } });
  assert.equal(created.status, 200, JSON.stringify(created.body));
  const points = Array.from({ length: baseCount }, (_, id) => ({ id, vector: vectorOf(random) }));
  const filled = await server.request("PUT", `${COLLECTION}/points`, { points });
  assert.equal(filled.status, 200, JSON.stringify(filled.body));
}

/** Have the vectors of the collection in a file from the next start on, or in memory. */
export async function keepVectorsOffMemory(server: ServerProcess, isOnDisk: boolean): Promise<void> {
  const changed = await server.request("PATCH", COLLECTION, { vectors: { "": { on_disk: isOnDisk } } });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
}

/** Every point of the collection that a writer has made. */
export async function storedPoints(server: ServerProcess): Promise<Map<number, StoredPoint>> {
  const request = { limit: 100_000, offset: 1_000_000, with_payload: true, with_vector: true };
  const { status, body } = await server.request("POST", `${COLLECTION}/points/scroll`, request);
  assert.equal(status, 200);
  const { points } = body.result as {
    points: { id: number; payload: StoredPoint["payload"] | null; vector?: number[] | object }[];
  };
  return new Map(
    points.map(({ id, payload, vector }) => [
      id,
      { payload: payload ?? {}, vector: Array.isArray(vector) ? vector : undefined },
    ]),
  );
}

export async function digestOf(server: ServerProcess): Promise<unknown> {
  const { status, body } = await server.request("GET", "/murmur/collections/c/digest");
  assert.equal(status, 200);
  return body.result;
}

const REST_POLL_MS = 20;
const REST_DEADLINE_MS = 60_000;

/** The digest when upkeep has nothing left to do: nothing is written to the log from then on. */
export async function digestAtRest(server: ServerProcess): Promise<unknown> {
  for (const endMs = performance.now() + REST_DEADLINE_MS; ; await delay(REST_POLL_MS)) {
    const { body } = await server.request("GET", "/murmur/replication");
    const { upkeep } = body.result as { readonly upkeep: { readonly at_rest: boolean } };
    if (upkeep.at_rest) return digestOf(server);
    assert.ok(performance.now() < endMs, "upkeep comes to rest");
  }
}

/** Asserts that every rule of the graph holds. */
export async function assertValid(server: ServerProcess): Promise<void> {
  const { status, body } = await server.request("POST", "/murmur/collections/c/validate", { samples: 20 });
  assert.equal(status, 200);
  const { graphs } = body.result as { graphs: Record<string, { violations: unknown[] }> };
  for (const { violations } of Object.values(graphs)) assert.deepEqual(violations, []);
}
