import { Replica, SqliteOpLog, type VectorSpace } from "@murmuration/core";
import { type ErrorCode, MurmurationError } from "@murmuration/index";
import { newTableSeed } from "../engine/table-seed.js";

export const REPLICA_ID = 5;

const space: VectorSpace = { size: 4, distance: "Cosine", links: 8, efConstruction: 32, quantization: "int8" };

export const failsWith =
  (code: ErrorCode, message = /./) =>
  (error: unknown) =>
    error instanceof MurmurationError && error.code === code && message.test(error.message);

/** A log that is written by a replica. */
export interface WrittenLog {
  readonly log: SqliteOpLog;
  readonly replica: Replica;
  /** Upserts points `from` to `to` into the collection `c`. */
  upsert(from: number, to: number): void;
  remove(...ids: number[]): void;
}

/** Opens the log of a file, a new one with an empty collection `c`; encrypted where there is a key. */
export function openWrittenLog(file: string, key?: Uint8Array): WrittenLog {
  const log = new SqliteOpLog(file, { key });
  let nowMs = 1_000;
  const replica = Replica.open({ log, clock: { now: () => nowMs++ }, newReplicaId: () => REPLICA_ID, newTableSeed });
  const run = (...commands: Parameters<Replica["execute"]>[0]) => {
    for (const outcome of replica.execute(commands).outcomes) if (outcome instanceof MurmurationError) throw outcome;
  };
  if (Object.keys(replica.catalogue.collections).length === 0) {
    run({ kind: "create-collection", name: "c", vectors: { "": space }, settings: {} });
  }
  return {
    log,
    replica,
    upsert: (from, to) => {
      const points = Array.from({ length: to - from }, (_, i) => ({
        id: from + i,
        vectors: { "": Float32Array.of(Math.sin(from + i), Math.cos(from * i), Math.sin(3 * i), 1) },
        payload: { n: i },
      }));
      run({ kind: "upsert-points", collection: "c", points, mode: "upsert" });
    },
    remove: (...ids) => run({ kind: "delete-points", collection: "c", target: { ids } }),
  };
}
