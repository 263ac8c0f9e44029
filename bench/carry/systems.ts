import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { startChroma } from "@murmuration/test/chroma";

const BATCH = 1_000;

/** A row of the table that is carried. */
export interface CarriedRow {
  readonly id: number;
  readonly vector: ArrayLike<number>;
  readonly title: string;
  readonly page: number;
  readonly score: number;
}

/** A system that points are imported from. */
export interface LoadedSystem {
  readonly source: string;
  readonly flags: readonly string[];
  close(): Promise<void>;
}

function* batches(rows: readonly CarriedRow[]): Generator<readonly CarriedRow[], void, void> {
  for (let first = 0; first < rows.length; first += BATCH) yield rows.slice(first, first + BATCH);
}

/** PostgreSQL with pgvector, compiled to WASM, in this process. */
export async function loadPostgres(rows: readonly CarriedRow[], dimensions: number): Promise<LoadedSystem> {
  const database = await PGlite.create({ extensions: { vector } });
  await database.exec(`create extension vector;
    create table items (id int primary key, title text, page int, score float8, embedding vector(${dimensions}));`);
  for (const batch of batches(rows)) {
    const json = batch.map(({ vector: numbers, ...fields }) => ({
      ...fields,
      embedding: JSON.stringify(Array.from(numbers)),
    }));
    await database.query(
      "insert into items select id, title, page, score, embedding::vector from json_to_recordset($1) as r(id int, title text, page int, score float8, embedding text)",
      [JSON.stringify(json)],
    );
  }
  const socket = new PGLiteSocketServer({ db: database, port: 0, host: "127.0.0.1" });
  await socket.start();
  return {
    source: `postgres://postgres@${socket.getServerConn()}/postgres?sslmode=disable`,
    flags: ["--table", "items"],
    close: async () => {
      await socket.stop();
      await database.close();
    },
  };
}

/** Chroma in a process of its own; `command` runs it. */
export async function loadChroma(rows: readonly CarriedRow[], command: readonly string[]): Promise<LoadedSystem> {
  const chroma = await startChroma(command);
  const id = await chroma.create("items", "ip");
  for (const batch of batches(rows))
    await chroma.add(id, {
      ids: batch.map((row) => String(row.id)),
      embeddings: batch.map((row) => Array.from(row.vector)),
      metadatas: batch.map(({ title, page, score }) => ({ title, page, score })),
    });
  return { source: `chroma://${chroma.host}/items`, flags: [], close: () => chroma.kill() };
}
