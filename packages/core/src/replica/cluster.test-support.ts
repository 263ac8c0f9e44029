import assert from "node:assert/strict";
import type { Outgoing } from "../gossip/transport.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import type { OpLog } from "../log/op-log.js";
import { ADMITTED_SETTING } from "./commit/identity.js";
import type { ReplicaOptions } from "./recovery/replica-options.js";
import { Replica } from "./replica.js";
import { newTableSeed } from "./replica.test-support.js";
import type { ClusterOptions } from "./upkeep/cluster-options.js";
import type { UpkeepBudget } from "./upkeep/upkeep.js";

/** The log of a replica that takes over operations whoever may know it. */
export function admittedLog(): MemoryOpLog {
  const log = new MemoryOpLog();
  log.transaction((writer) => writer.putSetting(ADMITTED_SETTING, "yes"));
  return log;
}

/** Replicas in one process, with a network that delivers everything in order unless a link is cut. */
export class Cluster {
  nowMs = 1_000_000;
  readonly replicas = new Map<number, Replica>();
  readonly logs = new Map<number, OpLog>();
  readonly #founders: readonly number[];
  readonly #options: Partial<ReplicaOptions>;
  readonly #cut = new Set<string>();
  readonly #queues = new Map<number, { from: number; bytes: Uint8Array }[]>();
  /** By replica: how far its clock is ahead. */
  readonly skewMs = new Map<number, number>();
  /** Does a message come through? */
  passes: (from: number, to: number, bytes: Uint8Array) => boolean = () => true;
  /** Of every tick. */
  budget: UpkeepBudget = {};

  /** `options` are those of every replica. */
  constructor(founders: readonly number[], options: Partial<ReplicaOptions> = {}) {
    this.#founders = founders;
    this.#options = options;
    for (const id of founders) this.open(id);
  }

  /** Start a replica, with the log that it had if it had one. */
  open(
    id: number,
    options: Partial<ReplicaOptions> & { readonly nonce?: number; readonly startWaitMs?: number } = {},
  ): Replica {
    const log = options.log ?? this.logs.get(id) ?? new MemoryOpLog();
    this.logs.set(id, log);
    const cluster: ClusterOptions = {
      name: "c",
      region: `r${id}`,
      nonce: options.nonce ?? id,
      founders: this.#founders,
      // tests that are not about starting write at once
      startWaitMs: options.startWaitMs ?? 0,
    };
    const clock = { now: () => this.nowMs + (this.skewMs.get(id) ?? 0) };
    const replica = Replica.open({
      log,
      clock,
      newReplicaId: () => id,
      newTableSeed,
      cluster,
      ...this.#options,
      ...options,
    });
    this.replicas.set(id, replica);
    return replica;
  }

  stop(id: number): void {
    this.replicas.delete(id);
    this.#queues.delete(id);
  }

  get(id: number): Replica {
    const replica = this.replicas.get(id);
    assert.ok(replica);
    return replica;
  }

  /** Nothing passes between the two. */
  cut(a: number, b: number): void {
    this.#cut.add(`${a} ${b}`).add(`${b} ${a}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  post(from: number, outgoing: readonly Outgoing[]): void {
    for (const { to, bytes } of outgoing) {
      for (const id of this.replicas.keys()) {
        if (id === from || (to !== undefined && to !== id) || this.#cut.has(`${from} ${id}`)) continue;
        if (!this.passes(from, id, bytes)) continue;
        const queue = this.#queues.get(id) ?? [];
        this.#queues.set(id, queue);
        queue.push({ from, bytes });
      }
    }
  }

  /** Let time pass: ticks, and deliveries until nothing is under way. */
  pass(ticks = 1, stepMs = 100): void {
    for (let tick = 0; tick < ticks; tick++) {
      this.nowMs += stepMs;
      for (const [id, replica] of this.replicas) {
        replica.tick(this.budget);
        this.post(id, replica.outbox());
      }
      for (let round = 0; round < 50; round++) {
        const queues = [...this.#queues];
        this.#queues.clear();
        for (const [id, queue] of queues) {
          const replica = this.replicas.get(id);
          if (replica === undefined) continue;
          for (const { from, bytes } of queue) replica.receive(bytes, from);
          this.post(id, replica.outbox());
        }
        if (this.#queues.size === 0) break;
      }
    }
  }

  /** Let time pass until all replicas are the same and have nothing left to do. */
  settle(ticksMax = 400): void {
    for (let tick = 0; tick < ticksMax; tick++) {
      this.pass();
      if (this.isSettled()) return;
    }
    assert.fail(`not settled: ${JSON.stringify(this.identities(), undefined, 1)}`);
  }

  isSettled(): boolean {
    const identities = this.identities().map((identity) => JSON.stringify(identity));
    return new Set(identities).size === 1 && [...this.replicas.values()].every((r) => r.status().upkeep.atRest);
  }

  identities(): unknown[] {
    return [...this.replicas.values()].map((replica) => ({
      heads: replica.catalogueHeads(),
      digests: Object.values(replica.catalogue.collections).map(({ name }) => replica.digest(name)),
    }));
  }
}
