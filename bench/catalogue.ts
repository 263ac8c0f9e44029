import { type Catalogue, type Change, type Command, MemoryOpLog, Replica, withDelta } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type Benchmark, type BenchRow, cpuSeconds, median } from "./harness.js";

const WARM_UP_WRITES = 10;

/** A replica and the catalogue as another thread follows it; changes travel as they do between threads. */
class ReplicaAndFollower {
  readonly #replica: Replica;
  #catalogue: Catalogue;

  constructor() {
    let nowMs = 1_000;
    this.#replica = Replica.open({
      log: new MemoryOpLog(),
      clock: { now: () => nowMs++ },
      newReplicaId: () => 1,
      newTableSeed: () => [1, 2],
    });
    this.#catalogue = this.#replica.catalogue;
  }

  /** Bytes that went from one thread to the other are not counted: structured clone copies what `changes` holds. */
  execute(command: Command): void {
    const { outcomes, changes } = this.#replica.execute([command]);
    if (outcomes[0] instanceof MurmurationError) throw outcomes[0];
    for (const change of structuredClone(changes) as readonly Change[]) {
      if (change.kind === "catalogue") this.#catalogue = withDelta(this.#catalogue, change.delta);
    }
  }
}

function createCollection(i: number): Command {
  return { kind: "create-collection", name: `collection ${i}`, vectors: {}, settings: { metadata: { number: i } } };
}

/** What a write to the catalogue costs, by the number of collections. */
export const catalogueBenchmark: Benchmark = {
  name: "catalogue",
  summary: "CPU time of a write to the catalogue, with 10 and with 1,000 collections",
  run({ quick }) {
    const writes = quick ? 30 : 100;
    const database = new ReplicaAndFollower();
    let made = 0;
    const rows: BenchRow[] = [10, 250, 1_000].map((collections) => {
      for (; made < collections; made++) database.execute(createCollection(made));
      const timed = (command: (i: number) => Command) => {
        const ms: number[] = [];
        for (let i = 0; i < WARM_UP_WRITES + writes; i++) {
          const start = cpuSeconds();
          database.execute(command(i));
          if (i >= WARM_UP_WRITES) ms.push((cpuSeconds() - start) * 1000);
        }
        return median(ms);
      };
      const collection = "collection 7";
      return {
        collections,
        settings_ms: timed((i) => ({ kind: "update-collection", collection, settings: { metadata: { i } } })),
        alias_ms: timed((i) => ({
          kind: "change-aliases",
          actions: [{ kind: "create-alias", alias: "a", collection: `collection ${i % 9}` }],
        })),
        index_ms: timed((i) =>
          i % 2 === 0
            ? { kind: "create-payload-index", collection, path: "p", schema: { kind: "keyword" } }
            : { kind: "delete-payload-index", collection, path: "p" },
        ),
      };
    });
    const [few, , many] = rows as { readonly settings_ms: number }[];
    return {
      bench: "catalogue",
      params: { writes, clock: "CPU of the process, writer and follower" },
      rows,
      ratios: { write_1000_to_10: (many?.settings_ms ?? 0) / (few?.settings_ms ?? 1) },
    };
  },
};
