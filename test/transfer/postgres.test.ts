import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { startE2eServer } from "../e2e/e2e-server.js";
import { startRelay } from "../support/relay.js";
import { newFolder, removeFolder } from "../support/server.js";
import { until } from "../support/until.js";
import { importAndKill, killCommands, murmur, report } from "./commands.js";

const server = await startE2eServer();
const database = await PGlite.create({ extensions: { vector } });
const socket = new PGLiteSocketServer({ db: database, port: 0, host: "127.0.0.1" });
await socket.start();
const address = `postgres://postgres@${socket.getServerConn()}/postgres?sslmode=disable`;

/** PostgreSQL and pgvector themselves, compiled to WASM. */
describe("PostgreSQL with pgvector", () => {
  const folder = newFolder("postgres");
  const url = ["--url", server.address, "--table"];
  const state = join(folder, "state.json");

  after(async () => {
    killCommands();
    await socket.stop();
    await database.close();
    removeFolder(folder);
  });

  test("a table's rows, in the order of its key, with its distance and the types of its columns", async () => {
    await database.exec(`
      create extension vector;
      create table items (name text primary key, big bigint, price numeric(10,2), at timestamptz, tags text[], data jsonb, "odd ""name" boolean, embedding vector(3));
      create index on items using hnsw (embedding vector_cosine_ops);
      insert into items values
        ('b', 9007199254740993, 1.50, '2024-01-02T03:04:05Z', '{x,"y z"}', '{"a":[1,null]}', true, '[0,0.6,0.8]'),
        ('a', null, null, null, null, null, null, '[1,0,0]'),
        ('c', 1, 2, null, '{}', 'null', false, null);`);
    await report("import --collection items", [address, "--state", state, ...url, "items"]);
    const { config } = await server.client.getCollection("items");
    assert.deepEqual(config.params.vectors, { size: 3, distance: "Cosine" });
    const { text } = await server.request("POST", "/collections/items/points/scroll", { with_vector: true });
    const { result } = JSON.parse(text) as { result: { points: { vector: unknown; payload: { name: string } }[] } };
    const of = (name: string) => result.points.find(({ payload }) => payload.name === name);
    assert.deepEqual(of("b"), {
      ...of("b"),
      vector: [0, 0.6, 0.8],
      payload: {
        ...of("b")?.payload,
        price: 1.5,
        at: "2024-01-02T03:04:05+00:00",
        tags: ["x", "y z"],
        data: { a: [1, null] },
        'odd "name': true,
      },
    });
    // beyond what JSON.parse holds
    assert.match(text, /"big":9007199254740993[,}]/);
    assert.deepEqual([of("c")?.vector, of("a")?.vector], [{}, [1, 0, 0]]);
  });

  test("killed and gone on with, it comes to the same points", async () => {
    await database.exec(`
      create table many (a int, b text, v halfvec(4), s sparsevec(10), primary key (a, b));
      insert into many select i / 7, 'k' || i, ('[' || i || ',1,2,3]')::halfvec, ('{2:' || i + 1 || ',9:1}/10')::sparsevec from generate_series(0, 1499) i;`);
    const from = [address, "--vector", "v=dense", "--vector", "s=sparse", "--page", "100"];
    await report("import --collection whole --distance Euclid", [...from, "--state", state, ...url, "many"]);
    const cut = join(folder, "cut.json");
    await importAndKill(cut, [...from, "--collection", "cut", "--distance", "Euclid", "--state", cut, ...url, "many"]);
    const done = await report("import --collection cut --distance Euclid", [...from, "--state", cut, ...url, "many"]);
    assert.ok((done["resumed_at_row"] as number) > 0);
    const digest = async (name: string) =>
      (await report(`export --format digest --collection ${name}`, ["--url", server.address]))["digest"];
    assert.deepEqual([done["written"], await digest("cut")], [1_500, await digest("whole")]);
  });

  test("a connection that breaks or stands still is made again, and no row is lost or twice", async () => {
    const { port } = new URL(address);
    // so slow that the import is under way still when its connection breaks, and when it stands still
    const relay = await startRelay({ targetPort: Number(port), bandwidthBytesPerSecond: 40_000 });
    try {
      const broken = address.replace(`:${port}`, `:${relay.port}`);
      const flags = [
        "--vector",
        "v=dense",
        "--vector",
        "s=sparse",
        "--page",
        "50",
        "--timeout-s",
        "2",
        "--distance",
        "Euclid",
      ];
      const running = murmur("import --collection broken --json", [broken, ...flags, "--state", state, ...url, "many"]);
      const moved = () => relay.counters().bytes.fromTarget;
      await until(() => moved() > 30_000, "some pages");
      relay.cut();
      await until(() => relay.counters().openConnections === 0, "no connection is left");
      relay.heal();
      const before = moved();
      await until(() => moved() > before + 20_000, "more pages");
      relay.stall();
      await until(() => relay.counters().connections > 2, "another connection than the one that stands still");
      relay.heal();
      const { code, out, err } = await running;
      assert.equal(code, 0, err);
      assert.equal((JSON.parse(out) as { written: number }).written, 1_500);
      assert.match(err, /waiting: PostgreSQL at 127\.0\.0\.1:\d+\/postgres: .*; asked again for up to 300 s/);
      const digest = async (name: string) =>
        (await report(`export --format digest --collection ${name}`, ["--url", server.address]))["digest"];
      assert.equal(await digest("broken"), await digest("whole"));
    } finally {
      await relay.close();
    }
  });

  test("says which table is not there, and that a server is not, and shows no password", async () => {
    const missing = await murmur("import --collection c", [address, ...url, "nothing"]);
    assert.match(missing.err, /there is no table nothing/);
    const away = await murmur("import --collection c", [
      "postgres://me:secret@127.0.0.1:9/db",
      "--retry-for-s",
      "0",
      ...url,
      "t",
    ]);
    assert.match(away.err, /PostgreSQL at 127\.0\.0\.1:9\/db: .*ECONNREFUSED/);
    assert.doesNotMatch(away.err + away.out, /secret/);
  });
});
