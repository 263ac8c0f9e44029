import { rmSync } from "node:fs";
import { PARAMETERS } from "../saved-index.js";
import { conditionText, type Database, inPieces } from "./database.js";
import { fetched, platform } from "./fetched.js";

/** The version that is measured. */
export const VERSION = "0.7.0";
const BINDINGS = "0.7.0";
const K = 10;
const PIECE = 1_000;

const packages = { "@zvec/zvec": VERSION, [`@zvec/bindings-${platform}`]: BINDINGS };

interface Collection {
  insertSync(documents: readonly object[]): readonly { readonly ok: boolean }[];
  optimizeSync(): void;
  closeSync(): void;
  querySync(query: object): readonly { readonly id: string }[];
  multiQuerySync(query: object): readonly { readonly id: string }[];
}

/** What is used of the package. */
interface Zvec {
  readonly ZVecDataType: { readonly STRING: number; readonly INT64: number; readonly VECTOR_FP32: number };
  readonly ZVecIndexType: { readonly HNSW: number; readonly INVERT: number; readonly FTS: number };
  readonly ZVecMetricType: { readonly COSINE: number };
  readonly ZVecQuantizeType: { readonly INT8: number; readonly UNDEFINED: number };
  readonly ZVecCollectionSchema: new (schema: object) => unknown;
  ZVecCreateAndOpen(folder: string, schema: unknown): Collection;
  ZVecOpen(folder: string): Collection;
}

/** The package. */
export const zvecPackage = (): Zvec => fetched("zvec", packages) as Zvec;

/** How a collection keeps its vectors: in an HNSW graph over f32, with the parameters that all are given. */
export function zvecVectors({ ZVecDataType, ZVecIndexType, ZVecMetricType }: Zvec, dimension: number): object {
  return {
    name: "vector",
    dataType: ZVecDataType.VECTOR_FP32,
    dimension,
    indexParams: {
      indexType: ZVecIndexType.HNSW,
      metricType: ZVecMetricType.COSINE,
      m: PARAMETERS.M,
      efConstruction: PARAMETERS.efConstruction,
    },
  };
}

/** Zvec in this process: an HNSW graph over f32 and an inverted index over each field. */
export const zvec: Database = {
  id: "zvec",
  name: `Zvec ${VERSION}`,
  packages,
  async load(folder, dimension, entries) {
    const zvecModule = zvecPackage();
    const { ZVecDataType, ZVecIndexType, ZVecCollectionSchema, ZVecCreateAndOpen } = zvecModule;
    // it makes the folder itself
    rmSync(folder, { recursive: true, force: true });
    let collection: Collection | undefined;
    const invert = { indexType: ZVecIndexType.INVERT };
    for (const piece of inPieces(entries, PIECE)) {
      collection ??= ZVecCreateAndOpen(
        folder,
        new ZVecCollectionSchema({
          name: "points",
          vectors: zvecVectors(zvecModule, dimension),
          fields: Object.entries(piece[0]?.payload ?? {}).map(([name, value]) => ({
            name,
            dataType: typeof value === "number" ? ZVecDataType.INT64 : ZVecDataType.STRING,
            indexParams: invert,
          })),
        }),
      );
      const results = collection.insertSync(
        piece.map(({ id, vector, payload }) => ({ id: String(id), vectors: { vector }, fields: payload })),
      );
      if (results.some(({ ok }) => !ok)) throw new Error("zvec refused a document");
    }
    if (collection === undefined) throw new Error("there is nothing to load");
    collection.optimizeSync();
    collection.closeSync();
  },
  async open(folder) {
    const { ZVecOpen, ZVecIndexType } = zvecPackage();
    const collection = ZVecOpen(folder);
    return {
      async search(vector, conditions, ef) {
        const found = collection.querySync({
          fieldName: "vector",
          vector,
          topk: K,
          outputFields: [],
          ...(conditions.length === 0 ? {} : { filter: conditionText(conditions) }),
          params: { indexType: ZVecIndexType.HNSW, ef },
        });
        return found.map(({ id }) => Number(id));
      },
      close: () => collection.closeSync(),
    };
  },
};
