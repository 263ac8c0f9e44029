import { brotliCompressSync, constants, deflateRawSync } from "node:zlib";
import { MemoryOpLog, ReadsHere, Replica, type VectorEncoding } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type BenchData, readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, progressBar, wallSeconds } from "./harness.js";
import { recallOf } from "./recall.js";

const K = 10;
/** Those that vectors of unit length can travel in. */
const ENCODINGS = ["f32", "f16", "sq8", "turbo4"] as const;
const EF = 64;
/** Upserts of one command: what one flush sends. */
const COMMAND_SIZES = [1, 10, 100] as const;
const COMPRESSED_MESSAGES = 40;

const codecs: { readonly [name: string]: (bytes: Uint8Array) => Uint8Array } = {
  "deflate 1": (bytes) => deflateRawSync(bytes, { level: 1 }),
  "brotli 1": (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};

/** A replica of two that writes words in one encoding; its messages are what the other one would get. */
class Writer {
  readonly #replica: Replica;
  readonly #data: BenchData;
  #written = 0;

  constructor(data: BenchData, encoding: VectorEncoding) {
    this.#data = data;
    this.#replica = Replica.open({
      log: new MemoryOpLog(),
      clock: { now: () => Date.now() },
      newReplicaId: () => 1,
      newTableSeed: () => [1, 2],
      cluster: { name: "bench", nonce: 1, founders: [1, 2] },
    });
    const space = {
      size: data.dimensions,
      distance: "Cosine",
      links: 16,
      efConstruction: 128,
      quantization: "int8",
      ...(encoding === "f32" ? {} : { encoding }),
    } as const;
    this.#execute({ kind: "create-collection", name: "words", vectors: { "": space }, settings: {} });
    this.#replica.outbox();
  }

  #execute(command: Parameters<Replica["execute"]>[0][number]): void {
    const [outcome] = this.#replica.execute([command]).outcomes;
    if (outcome instanceof MurmurationError) throw outcome;
  }

  /** Write the next vectors, so many to a command. Returns the messages that were sent. */
  write(count: number, perCommand: number): Uint8Array[] {
    const { base, dimensions } = this.#data;
    const messages: Uint8Array[] = [];
    for (const end = this.#written + count; this.#written < end; ) {
      const ids = Array.from({ length: Math.min(perCommand, end - this.#written) }, (_, i) => this.#written + i);
      this.#written += ids.length;
      const points = ids.map((id) => ({
        id,
        vectors: { "": base.slice(id * dimensions, (id + 1) * dimensions) },
        payload: {},
      }));
      this.#execute({ kind: "upsert-points", collection: "words", points, mode: "upsert" });
      messages.push(...this.#replica.outbox().map(({ bytes }) => bytes));
    }
    return messages;
  }

  /** Mean recall@10 against the true neighbours of the vectors as they were given. */
  recall(exact: boolean): number {
    const reads = new ReadsHere(this.#replica, "words");
    const { queries } = this.#data;
    let sum = 0;
    for (const [at, query] of queries.entries()) {
      const found = reads.nearest({
        query,
        using: "",
        limit: K,
        offset: 0,
        parameters: exact ? { exact } : { efSearch: EF },
        selection: { payload: false, vectors: false },
      });
      sum += recallOf(
        found.map(({ id }) => Number(id)),
        this.#data,
        at,
        K,
      );
    }
    return sum / queries.length;
  }
}

function compression(messages: readonly Uint8Array[], upserts: number): BenchRow[] {
  return Object.entries(codecs).map(([codec, compress]) => {
    const some = messages.slice(-COMPRESSED_MESSAGES);
    const before = some.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const start = wallSeconds();
    const after = some.reduce((sum, bytes) => sum + compress(bytes).byteLength, 0);
    const us = ((wallSeconds() - start) * 1e6) / (some.length * upserts);
    return { codec, share: after / before, us_per_upsert: us };
  });
}

/** What an upsert is on the wire in each encoding, whether compressing it pays, and what the encoding costs in recall. */
export const wireBenchmark: Benchmark = {
  name: "wire",
  summary: "bytes per upsert on the wire by encoding, compression of real messages, recall lost by an encoding",
  run({ quick }) {
    const data = readBenchData();
    const count = quick ? 20_000 : data.baseCount;
    const truncated = count < data.baseCount;
    const rows: BenchRow[] = [];
    const ratios: { [name: string]: number } = {};
    for (const encoding of ENCODINGS) {
      const writer = new Writer(data, encoding);
      const measured = 1_000;
      const filling = progressBar(`writing ${encoding}`, Math.ceil(count / 1_000));
      const rest = count - measured * COMMAND_SIZES.length;
      for (let done = 0; done < rest; done += 1_000) {
        writer.write(Math.min(1_000, rest - done), 100);
        filling.step();
      }
      for (const perCommand of COMMAND_SIZES) {
        const messages = writer.write(measured, perCommand);
        const bytes = messages.reduce((sum, { byteLength }) => sum + byteLength, 0) / measured;
        rows.push({ encoding, upserts: perCommand, bytes_per_upsert: bytes });
        if (perCommand === 1) ratios[`bytes_per_upsert_${encoding}`] = bytes;
        if (perCommand === 100) {
          for (const row of compression(messages, perCommand)) rows.push({ encoding, upserts: perCommand, ...row });
        }
      }
      filling.stop();
      if (truncated) continue;
      const [walked, exact] = [writer.recall(false), writer.recall(true)];
      rows.push({ encoding, recall_at_10_ef_64: walked, recall_at_10_exact: exact });
      ratios[`recall_points_${encoding}`] = 100 * walked;
    }
    for (const encoding of ["f16", "sq8"]) {
      const [without, withIt] = [ratios["recall_points_f32"], ratios[`recall_points_${encoding}`]];
      if (without !== undefined && withIt !== undefined) ratios[`recall_points_lost_${encoding}`] = without - withIt;
    }
    return {
      bench: "wire",
      params: { vectors: count, dimensions: data.dimensions, source: data.source },
      rows,
      ratios,
    };
  },
};
