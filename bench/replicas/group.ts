import { type Command, MemoryOpLog, type OpLog, type Outgoing, Replica, type Shard } from "@murmuration/core";
import { denseSpaceOf, MurmurationError, type Space } from "@murmuration/index";

const COLLECTION = "words";
const WRITE_BATCH = 100;

/** Replicas in this process; messages pass when the benchmark says so. */
export class ReplicaGroup {
  readonly replicas: readonly Replica[];
  readonly #logs: readonly OpLog[];
  /** Virtual: it moves with every tick. */
  #nowMs = 1_700_000_000_000;
  #held: { readonly from: number; readonly message: Outgoing }[] = [];

  /** `count` 1: a replica that is alone. */
  constructor(count: number, dimensions: number, log: (id: number) => OpLog = () => new MemoryOpLog()) {
    const founders = Array.from({ length: count }, (_, i) => i + 1);
    this.#logs = founders.map(log);
    this.replicas = founders.map((id, at) =>
      Replica.open({
        log: this.log(at),
        clock: { now: () => this.#nowMs },
        newReplicaId: () => id,
        newTableSeed: () => [1, 2],
        // nobody has written anything before
        ...(count === 1 ? {} : { cluster: { name: "bench", nonce: id, founders, startWaitMs: 0 } }),
      }),
    );
    this.exchange();
    const space = {
      size: dimensions,
      distance: "Cosine",
      links: 16,
      efConstruction: 128,
      quantization: "int8",
    } as const;
    this.execute(0, { kind: "create-collection", name: COLLECTION, vectors: { "": space }, settings: {} });
    this.exchange();
  }

  replica(at: number): Replica {
    const replica = this.replicas[at];
    if (replica === undefined) throw new Error("there is no such replica");
    return replica;
  }

  log(at: number): OpLog {
    const log = this.#logs[at];
    if (log === undefined) throw new Error("there is no such replica");
    return log;
  }

  shard(at: number): Shard {
    return this.replica(at).shard(COLLECTION);
  }

  execute(at: number, command: Command): void {
    const [outcome] = this.replica(at).execute([command]).outcomes;
    if (outcome instanceof MurmurationError) throw outcome;
  }

  /** Write vectors under ids. */
  upsert(at: number, points: readonly { readonly id: number; readonly vector: Float32Array }[]): void {
    for (let from = 0; from < points.length; from += WRITE_BATCH) {
      const some = points.slice(from, from + WRITE_BATCH);
      this.execute(at, {
        kind: "upsert-points",
        collection: COLLECTION,
        points: some.map(({ id, vector }) => ({ id, vectors: { "": vector }, payload: {} })),
        mode: "upsert",
      });
    }
  }

  delete(at: number, ids: readonly number[]): void {
    this.execute(at, { kind: "delete-points", collection: COLLECTION, target: { ids } });
  }

  /** Let everything that was sent arrive, until nothing is under way. */
  exchange(): void {
    for (let round = 0; round < 1_000; round++) {
      this.#collect();
      if (this.#held.length === 0) return;
      const held = this.#held;
      this.#held = [];
      for (const { from, message } of held) {
        for (const [at, replica] of this.replicas.entries()) {
          if (at !== from && (message.to === undefined || message.to === replica.id)) replica.receive(message.bytes);
        }
      }
    }
    throw new Error("messages do not come to an end");
  }

  #collect(): void {
    for (const [from, replica] of this.replicas.entries()) {
      for (const message of replica.outbox()) if (this.replicas.length > 1) this.#held.push({ from, message });
      replica.changes();
    }
  }

  /** A tick of every replica, and what they send. `stitches`: how many nodes to link beyond the urgent ones. */
  tick(stitches?: number): void {
    this.#nowMs += 500;
    for (const replica of this.replicas) replica.tick(stitches === undefined ? {} : { stitches });
    this.exchange();
  }

  /** Ticks until nothing is left to do. */
  rest(): void {
    for (let tick = 0; tick < 20_000; tick++) {
      this.tick(2_000);
      if (this.replicas.every((replica) => replica.status().upkeep.atRest)) return;
    }
    throw new Error("the replicas do not come to rest");
  }

  /** Graphs must be the same on all. */
  requireEqual(): void {
    const digests = new Set(this.replicas.map((replica) => replica.digest(COLLECTION).graph_digest));
    if (digests.size !== 1) throw new Error("the graphs are not equal");
  }
}

/** Mean recall@k of searches at a width, against comparing with every live vector. */
export function recallOfShard(shard: Shard, queries: readonly Float32Array[], k: number, efSearch: number): number {
  const { reader } = denseSpaceOf(shard.graph("") as Space);
  const allEntries = shard.windows.isOpen();
  let hits = 0;
  for (const query of queries) {
    const truth = new Set(reader.search(query, { limit: k, exact: true }).slots);
    for (const slot of reader.search(query, { limit: k, efSearch, allEntries }).slots) if (truth.has(slot)) hits++;
  }
  return hits / (queries.length * k);
}
