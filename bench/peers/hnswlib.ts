import hnswlib from "hnswlib-node";
import type { BuiltIndex, Peer } from "./peer.js";

const SEED = 100;

/** hnswlib-node takes plain arrays only. Converting is not part of a search: warm-up has done it for every query. */
function asSearchable(index: hnswlib.HierarchicalNSW): BuiltIndex {
  const plain = new WeakMap<Float32Array, number[]>();
  return {
    search(query, k, ef) {
      let point = plain.get(query);
      if (point === undefined) {
        point = Array.from(query);
        plain.set(query, point);
      }
      index.setEf(ef);
      return index.searchKnn(point, k).neighbors;
    },
    save: (path) => index.writeIndexSync(path),
  };
}

/** hnswlib-node with f32 vectors and inner product. */
export const hnswlibNode: Peer = {
  id: "hnswlib",
  name: "hnswlib-node f32",
  build(vectors, dimensions, { M, efConstruction }) {
    const count = vectors.length / dimensions;
    const index = new hnswlib.HierarchicalNSW("ip", dimensions);
    index.initIndex({ maxElements: count, m: M, efConstruction, randomSeed: SEED });
    for (let row = 0; row < count; row++) {
      index.addPoint(Array.from(vectors.subarray(row * dimensions, (row + 1) * dimensions)), row);
    }
    return asSearchable(index);
  },
  load(path, dimensions) {
    const index = new hnswlib.HierarchicalNSW("ip", dimensions);
    index.readIndexSync(path);
    return asSearchable(index);
  },
};
