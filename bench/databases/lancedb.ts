import { PARAMETERS } from "../saved-index.js";
import { conditionText, type Database, inPieces } from "./database.js";
import { fetched, platform } from "./fetched.js";

/** The version that is measured. */
export const VERSION = "0.31.0";
const K = 10;
const PIECE = 20_000;
/** Candidates that are ranked again by f32, as a multiple of the answers: without it int8 codes bound the recall. */
const REFINE = 3;

const packages = {
  "@lancedb/lancedb": VERSION,
  [`@lancedb/lancedb-${platform}-gnu`]: VERSION,
  "apache-arrow": "18.1.0",
};

interface VectorQuery {
  distanceType(type: "cosine"): VectorQuery;
  ef(width: number): VectorQuery;
  refineFactor(times: number): VectorQuery;
  where(text: string): VectorQuery;
  fullTextSearch(text: string, options: { readonly columns: readonly string[] }): VectorQuery;
  rerank(reranker: unknown): VectorQuery;
  select(columns: readonly string[]): VectorQuery;
  limit(count: number): VectorQuery;
  toArray(): Promise<readonly { readonly id: number }[]>;
}

interface Table {
  add(rows: readonly object[]): Promise<unknown>;
  createIndex(column: string, options: { readonly config: unknown }): Promise<void>;
  optimize(): Promise<unknown>;
  query(): { nearestTo(vector: Float32Array): VectorQuery };
}

/** What is used of the package. */
interface Lancedb {
  connect(folder: string): Promise<{
    createTable(name: string, rows: readonly object[]): Promise<Table>;
    openTable(name: string): Promise<Table>;
    close(): void;
  }>;
  readonly Index: {
    hnswSq(options: object): unknown;
    bitmap(): unknown;
    btree(): unknown;
    fts(options: object): unknown;
  };
  readonly rerankers: { readonly RRFReranker: { create(): Promise<unknown> } };
}

/** The package. */
export function lancedb(): Lancedb {
  // with fewer, and two cores have one, making a full-text index of 100,000 texts waits for itself
  process.env["LANCE_CPU_THREADS"] ??= "4";
  return fetched("lancedb", packages) as Lancedb;
}

/** LanceDB in this process: one HNSW graph over int8 codes, bitmaps over keywords, a tree over numbers. */
export const lance: Database = {
  id: "lancedb",
  name: `LanceDB ${VERSION}`,
  packages,
  async load(folder, _dimensions, entries) {
    const { connect, Index } = lancedb();
    const database = await connect(folder);
    let table: Table | undefined;
    let fields: string[] = [];
    for (const piece of inPieces(entries, PIECE)) {
      const rows = piece.map(({ id, vector, payload }) => ({ id, vector: Array.from(vector), ...payload }));
      fields = Object.keys(piece[0]?.payload ?? {});
      if (table === undefined) table = await database.createTable("points", rows);
      else await table.add(rows);
    }
    if (table === undefined) throw new Error("there is nothing to load");
    await table.optimize();
    const config = Index.hnswSq({
      distanceType: "cosine",
      numPartitions: 1,
      m: PARAMETERS.M,
      efConstruction: PARAMETERS.efConstruction,
    });
    await table.createIndex("vector", { config });
    for (const field of fields) {
      await table.createIndex(field, { config: field === "n" ? Index.btree() : Index.bitmap() });
    }
    database.close();
  },
  async open(folder) {
    const { connect } = lancedb();
    const database = await connect(folder);
    const table = await database.openTable("points");
    return {
      async search(vector, conditions, ef) {
        const nearest = table.query().nearestTo(vector).distanceType("cosine").ef(ef).refineFactor(REFINE);
        const filtered = conditions.length === 0 ? nearest : nearest.where(conditionText(conditions));
        // asked for by name: the package warns, once a query, where the distance is not
        const found = await filtered.select(["id", "_distance"]).limit(K).toArray();
        return found.map(({ id }) => Number(id));
      },
      close: () => database.close(),
    };
  },
};
