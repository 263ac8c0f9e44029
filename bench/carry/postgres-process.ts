import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { batchesOf, carriedRows } from "./rows.js";

const BATCH = 1_000;

/** PostgreSQL with pgvector, compiled to WASM, with the rows in a table `items`. In a process of its own: it stands still while it works. */
const { rows, dimensions } = carriedRows(Number(process.argv[2]));
const database = await PGlite.create({ extensions: { vector } });
await database.exec(`create extension vector;
  create table items (id int primary key, title text, page int, score float8, embedding vector(${dimensions}));`);
for (const batch of batchesOf(rows, BATCH)) {
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
process.send?.(socket.getServerConn());
