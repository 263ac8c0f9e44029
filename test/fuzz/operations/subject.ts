import assert from "node:assert/strict";
import {
  digestOf,
  encodeBatchFromRows,
  encodeEnvelope,
  MemoryOpLog,
  ReadsHere,
  type Replica,
  type WritableShard,
} from "@murmuration/core";
import { CLUSTER, openMember, type Row, START_MS, SUBJECT } from "./history.js";

/** State of one shard, as far as two replicas must agree about it; `quarantined` where it is not served. */
export type ShardState = { readonly frontier: string; readonly state: string } | "quarantined";

function frontierText(frontier: ReadonlyMap<number, number>): string {
  return JSON.stringify([...frontier].sort(([a], [b]) => a - b));
}

/** Everything that tells two states of a shard apart. */
function stateOf(replica: Replica, target: WritableShard): ShardState {
  const reads = new ReadsHere(replica, target.shard.collection.name);
  const { table, frontier } = target.shard;
  const indexed = table
    .indexPaths()
    .sort()
    .map((path) => [path, reads.valuedOn(path)]);
  return { frontier: frontierText(frontier), state: JSON.stringify([digestOf(target), indexed]) };
}

/** A replica that is fed with operations, and restarted. */
export class Subject {
  readonly log: MemoryOpLog;
  replica: Replica;
  nowMs = START_MS + 60_000;

  constructor(log = new MemoryOpLog()) {
    this.log = log;
    this.replica = this.#open();
  }

  #open(recoverFrom: "log" | "projection" = "projection"): Replica {
    return openMember(SUBJECT, this.log, () => this.nowMs, recoverFrom);
  }

  /** Takes consecutive operations of one origin, as `from` sends them. */
  receive(rows: readonly Row[], from: number): void {
    const [first] = rows;
    assert.ok(first);
    const { shard, origin, sequence } = first;
    const batch = encodeBatchFromRows({ shard, origin, firstSequence: sequence, rows: rows.map(({ bytes }) => bytes) });
    this.replica.receive(
      encodeEnvelope({ cluster: CLUSTER, from, to: SUBJECT, message: { kind: "operations", batch } }),
    );
  }

  /** Takes a history, each operation from its origin. */
  follow(rows: readonly Row[]): void {
    const messages = rows.map(({ shard, origin, sequence, bytes }) => {
      const batch = encodeBatchFromRows({ shard, origin, firstSequence: sequence, rows: [bytes] });
      return encodeEnvelope({ cluster: CLUSTER, from: origin, to: SUBJECT, message: { kind: "operations", batch } });
    });
    this.replica.receiveAll(messages.map((bytes) => ({ bytes })));
  }

  pass(ticks: number): void {
    for (let i = 0; i < ticks; i++) {
      this.nowMs += 100;
      this.replica.tick();
      this.replica.outbox();
      this.replica.changes();
    }
  }

  /** The process ends and starts again. */
  restart(recoverFrom: "log" | "projection" = "projection"): void {
    this.replica = this.#open(recoverFrom);
  }

  /** Every shard's state, the catalogue's as `system`. */
  states(): Map<string, ShardState> {
    const { replica } = this;
    const states = new Map<string, ShardState>();
    const frontiers = replica.frontiers();
    states.set("system", {
      frontier: frontierText(frontiers.get("system") ?? new Map()),
      state: JSON.stringify([replica.catalogueHeads(), replica.catalogue]),
    });
    const here = new Map([...replica.writableShards()].map((target) => [target.shard.id, target]));
    for (const id of Object.keys(replica.catalogue.collections)) {
      const target = here.get(id);
      states.set(id, target === undefined ? "quarantined" : stateOf(this.replica, target));
    }
    return states;
  }

  /** Messages and operations that were refused or set aside. */
  refusals(): number {
    const { refused = {} } = this.replica.status().peering ?? {};
    return Object.values(refused).reduce((sum, count) => sum + count, 0);
  }

  /** Bytes of operations that wait for others. */
  waiting(): number {
    return this.replica.status().peering?.inboxBytes ?? 0;
  }
}
