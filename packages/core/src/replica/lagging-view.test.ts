import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { retrieve } from "../query/records.js";
import type { Change } from "./change.js";
import type { Replica } from "./replica.js";
import { createCollection, openReplica, point, upsert } from "./replica.test-support.js";
import { ReplicaView } from "./view.js";

const POINTS = 40;
const VIEW_THREAD = 1;

/** Changes as they leave a replica: those of its upkeep before those of commands that came later. */
class Followed {
  readonly replica: Replica;
  readonly view: ReplicaView;
  readonly waiting: Change[] = [];

  constructor() {
    const viewThread = VIEW_THREAD;
    this.replica = openReplica({ viewThread });
    const { catalogue } = this.replica;
    this.view = new ReplicaView({
      points: new Map(),
      catalogue,
      handles: this.replica.handles(),
      thread: VIEW_THREAD,
    });
  }

  execute(...commands: Parameters<Replica["execute"]>[0]): void {
    const { outcomes, changes } = this.replica.execute(commands);
    for (const outcome of outcomes) assert.ok("operationId" in outcome);
    this.waiting.push(...this.replica.changes(), ...changes);
  }

  insert(first: number): void {
    const points = Array.from({ length: POINTS }, (_, i) => point(first + i, [first + i, 1]));
    this.execute(upsert("a", points));
  }

  deleteAndPurge(first: number): void {
    const ids = Array.from({ length: POINTS }, (_, i) => first + i);
    const { purged } = this.replica.status().upkeep;
    this.execute({ kind: "delete-points", collection: "a", target: { ids } });
    for (let i = 0; i < 20; i++) this.replica.tick();
    this.waiting.push(...this.replica.changes());
    assert.equal(this.replica.status().upkeep.purged - purged, POINTS, "the deleted nodes are purged");
  }

  follow(): void {
    this.view.follow(this.waiting.splice(0));
  }

  /** The first coordinate of each point's vector, as the view reads it. */
  firstCoordinates(first: number): (number | undefined)[] {
    const ids = Array.from({ length: POINTS }, (_, i) => first + i);
    return retrieve(this.view.shard("a"), ids, { payload: true, vectors: true }).map(
      ({ vectors }) => vectors?.[""]?.[0],
    );
  }
}

const numbersFrom = (first: number) => Array.from({ length: POINTS }, (_, i) => first + i);

describe("a view that lags behind its replica", () => {
  test("reads what it knows while the replica deletes, purges and inserts", () => {
    const followed = new Followed();
    followed.execute(createCollection("a"));
    followed.insert(100);
    followed.follow();
    followed.deleteAndPurge(100);
    followed.insert(200);
    assert.deepEqual(followed.firstCoordinates(100), numbersFrom(100), "not the vectors that came after");
    followed.follow();
    assert.deepEqual(followed.firstCoordinates(100), []);
    assert.deepEqual(followed.firstCoordinates(200), numbersFrom(200));
  });

  test("gives slots back when it has followed", () => {
    const followed = new Followed();
    followed.execute(createCollection("a"));
    for (let round = 1; round <= 5; round++) {
      followed.insert(round * 100);
      followed.deleteAndPurge(round * 100);
      followed.follow();
    }
    const [graph] = followed.replica.shard("a").graphs.values();
    assert.equal(graph?.reader.slotCount, POINTS);
  });

  test("meets a collection only after its slots were used, freed and wanted again", () => {
    const followed = new Followed();
    followed.execute(createCollection("a"));
    followed.insert(100);
    const known = followed.waiting.splice(0);
    followed.deleteAndPurge(100);
    followed.insert(200);
    followed.view.follow(known);
    assert.deepEqual(followed.firstCoordinates(100), numbersFrom(100));
  });
});
