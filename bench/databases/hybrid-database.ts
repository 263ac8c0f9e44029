import { rmSync } from "node:fs";
import { PARAMETERS } from "../saved-index.js";
import { inPieces } from "./database.js";
import { VERSION as LANCEDB_VERSION, lancedb } from "./lancedb.js";
import { VERSION as ZVEC_VERSION, zvecPackage, zvecVectors } from "./zvec.js";

const K = 10;
/** Candidates of each kind that are fused. */
export const CANDIDATES = 100;
const LANCEDB_PIECE = 20_000;
const ZVEC_PIECE = 1_000;

/** A document as the databases take it. */
export interface HybridEntry {
  readonly id: number;
  readonly vector: readonly number[];
  readonly text: string;
}

/** A question by both. */
export interface HybridQuery {
  readonly vector: readonly number[];
  readonly text: string;
}

/** Ids of the 10 best of dense and full-text search, `CANDIDATES` of each fused by reciprocal ranks, best first. */
export type HybridSearch = (query: HybridQuery) => Promise<readonly number[]>;

/** A database that hybrid search is compared with. */
export interface HybridDatabase {
  readonly id: string;
  readonly name: string;
  /** Loads documents with an HNSW graph and a full-text index (English stems) into a folder that is not there yet. */
  load(folder: string, dimensions: number, entries: Iterable<HybridEntry>): Promise<void>;
  open(folder: string): Promise<{ readonly search: HybridSearch; close(): void }>;
}

/** LanceDB in this process: a graph over int8 codes and a full-text index without positions. */
const lance: HybridDatabase = {
  id: "lancedb",
  name: `LanceDB ${LANCEDB_VERSION}`,
  async load(folder, _dimensions, entries) {
    const { connect, Index } = lancedb();
    const database = await connect(folder);
    const pieces = [...inPieces(entries, LANCEDB_PIECE)];
    const [first = [], ...more] = pieces.map((piece) => piece.map((entry) => ({ ...entry })));
    const table = await database.createTable("points", first);
    for (const piece of more) await table.add(piece);
    await table.optimize();
    const { M: m, efConstruction } = PARAMETERS;
    await table.createIndex("vector", {
      config: Index.hnswSq({ distanceType: "cosine", numPartitions: 1, m, efConstruction }),
    });
    const words = { language: "English", stem: true, removeStopWords: true, asciiFolding: true, withPosition: false };
    await table.createIndex("text", { config: Index.fts(words) });
    database.close();
  },
  async open(folder) {
    // else it warns, twice a query, that only ids are asked for
    process.env["LANCEDB_LOG"] ??= "error";
    const { connect, rerankers } = lancedb();
    const database = await connect(folder);
    const table = await database.openTable("points");
    const reranker = await rerankers.RRFReranker.create();
    return {
      async search({ vector, text }) {
        const found = await table
          .query()
          .nearestTo(Float32Array.from(vector))
          .distanceType("cosine")
          .ef(CANDIDATES)
          .fullTextSearch(text, { columns: ["text"] })
          .rerank(reranker)
          .select(["id"])
          // so many of each kind, too
          .limit(CANDIDATES)
          .toArray();
        return found.slice(0, K).map(({ id }) => Number(id));
      },
      close: () => database.close(),
    };
  },
};

/** Zvec in this process: a graph over float32 and a full-text index with stems; it leaves no stop words out. */
const zvec: HybridDatabase = {
  id: "zvec",
  name: `Zvec ${ZVEC_VERSION}`,
  async load(folder, dimension, entries) {
    const zvecModule = zvecPackage();
    const { ZVecDataType, ZVecIndexType, ZVecCollectionSchema, ZVecCreateAndOpen } = zvecModule;
    // it makes the folder itself
    rmSync(folder, { recursive: true, force: true });
    const collection = ZVecCreateAndOpen(
      folder,
      new ZVecCollectionSchema({
        name: "points",
        vectors: zvecVectors(zvecModule, dimension),
        fields: [
          {
            name: "text",
            dataType: ZVecDataType.STRING,
            indexParams: {
              indexType: ZVecIndexType.FTS,
              filters: ["lowercase", "stemmer"],
              extraParams: JSON.stringify({ stemmer_lang: "english" }),
            },
          },
        ],
      }),
    );
    for (const piece of inPieces(entries, ZVEC_PIECE)) {
      const documents = piece.map(({ id, vector, text }) => ({
        id: String(id),
        vectors: { vector },
        fields: { text },
      }));
      if (collection.insertSync(documents).some(({ ok }) => !ok)) throw new Error("zvec refused a document");
    }
    collection.optimizeSync();
    collection.closeSync();
  },
  async open(folder) {
    const { ZVecOpen, ZVecIndexType } = zvecPackage();
    const collection = ZVecOpen(folder);
    const { HNSW, FTS } = ZVecIndexType;
    return {
      async search({ vector, text }) {
        const found = collection.multiQuerySync({
          queries: [
            { fieldName: "vector", vector, numCandidates: CANDIDATES, params: { indexType: HNSW, ef: CANDIDATES } },
            { fieldName: "text", fts: { matchString: text }, numCandidates: CANDIDATES, params: { indexType: FTS } },
          ],
          topk: K,
          outputFields: [],
          rerank: { type: "rrf" },
        });
        return found.map(({ id }) => Number(id));
      },
      close: () => collection.closeSync(),
    };
  },
};

/** All of them. */
export const hybridDatabases: readonly HybridDatabase[] = [lance, zvec];
