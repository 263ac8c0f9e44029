import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  assert,
  decodeImage,
  encodeImage,
  type GraphReader,
  VectorIndex,
  type VectorIndexOptions,
} from "@murmuration/index";
import type { BuiltIndex, ExactPeer, GraphParameters, Peer } from "./peer.js";

const ORIGIN = 1;

/** Graphs that were saved by another build of the engine must not be measured. */
function engineVersion(): string {
  const face = createRequire(import.meta.url).resolve("@murmuration/index");
  const engine = readFileSync(join(dirname(face), "../build/engine.wasm"));
  return createHash("sha256").update(engine).digest("hex").slice(0, 12);
}

function optionsOf(
  quantization: VectorIndexOptions["quantization"],
  dimensions: number,
  { M, efConstruction }: GraphParameters,
): VectorIndexOptions {
  return { dimensions, metric: "cosine", links: M, efConstruction, quantization };
}

function insertAll(index: VectorIndex, vectors: Float32Array, dimensions: number): void {
  for (let row = 0; row < vectors.length / dimensions; row++) {
    const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
    const dot = { origin: ORIGIN, sequence: row + 1 };
    const slot = index.apply(dot, vector, index.plan(dot, vector));
    assert(slot === row, "slots of a new graph are given in order");
    index.reader.show(slot);
  }
}

function saveImage(index: VectorIndex, path: string): void {
  const file = openSync(path, "w");
  for (const piece of encodeImage(index, "")) {
    for (let written = 0; written < piece.length; ) written += writeSync(file, piece, written, piece.length - written);
  }
  closeSync(file);
}

function loadImage(options: VectorIndexOptions, path: string): VectorIndex {
  const file = openSync(path, "r");
  const readExactly = (target: Uint8Array): boolean => {
    let read = 0;
    while (read < target.length) {
      const bytes = readSync(file, target, read, target.length - read, null);
      if (bytes === 0) return false;
      read += bytes;
    }
    return true;
  };
  const { index } = decodeImage(options, readExactly);
  closeSync(file);
  for (let slot = 0; slot < index.reader.slotCount; slot++) index.reader.show(slot);
  return index;
}

/** Our index, with the reader behind it. */
export interface MurmurationIndex extends BuiltIndex {
  readonly reader: GraphReader;
}

function asBuilt(index: VectorIndex): MurmurationIndex {
  return {
    reader: index.reader,
    search: (query, k, ef) => index.reader.search(query, { limit: k, efSearch: ef }).slots,
    save: (path) => saveImage(index, path),
  };
}

function mode(id: string, quantization: VectorIndexOptions["quantization"]): Peer {
  return {
    id,
    name: `murmuration ${id}`,
    version: engineVersion(),
    build(vectors, dimensions, parameters) {
      const index = new VectorIndex(optionsOf(quantization, dimensions, parameters));
      insertAll(index, vectors, dimensions);
      return asBuilt(index);
    },
    load: (path, dimensions, parameters) => asBuilt(loadImage(optionsOf(quantization, dimensions, parameters), path)),
  };
}

/** Our engine in its two modes: walking on int8 codes and ranking again by f32, and walking on f32. */
export const murmuration: readonly Peer[] = [mode("int8", "int8"), mode("f32", "none")];

/** Our exact search, several queries a call. The graph beside it is kept small: nothing walks on it. */
export const murmurationExact: readonly ExactPeer[] = [
  {
    id: "exact",
    name: "murmuration exact",
    open(vectors, dimensions) {
      const index = new VectorIndex(optionsOf("none", dimensions, { M: 2, efConstruction: 4 }));
      insertAll(index, vectors, dimensions);
      return (queries, k) => {
        const found = new Uint32Array((queries.length / dimensions) * k);
        index.reader.searchExactly(queries, k).forEach(({ slots }, i) => {
          found.set(slots, i * k);
        });
        return found;
      };
    },
  },
];
