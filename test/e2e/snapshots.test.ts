import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { root } from "../support/source-tree.js";
import { until } from "../support/until.js";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request, address, dataFolder, log } = await startE2eServer();

type Described = { name: string; creation_time: string; size: number; checksum: string };
const COUNT = 300;
const payloadOf = (id: number) => ({
  text: `text "${id}" ünï 🙂`,
  n: id,
  tags: ["a", `t${id % 7}`],
  deep: { x: [1.5, null] },
});

await client.createCollection("docs", {
  vectors: { text: { size: 4, distance: "Cosine" }, image: { size: 2, distance: "Euclid" } },
  hnsw_config: { m: 8 },
  on_disk_payload: false,
});
await client.createPayloadIndex("docs", {
  wait: true,
  field_name: "n",
  field_schema: { type: "integer", range: true },
});
await client.createPayloadIndex("docs", { wait: true, field_name: "tags", field_schema: "keyword" });
await client.upsert("docs", {
  wait: true,
  points: Array.from({ length: COUNT }, (_, id) => ({
    id: id === 7 ? "f0e1d2c3-b4a5-4697-8899-aabbccddeeff" : id,
    vector: id % 5 === 0 ? { image: [id, 1] } : { text: [id, 1, 2, 3], image: [id, 1] },
    payload: payloadOf(id),
  })),
});
const big = { id: 0, vector: { image: [1, 1] }, payload: {} };
await request(
  "PUT",
  "/collections/docs/points?wait=true",
  JSON.stringify({ points: [big] }).replace('"id":0', '"id":18446744073709551615'),
);

async function contents(collection: string): Promise<string> {
  const { text } = await request("POST", `/collections/${collection}/points/scroll`, {
    limit: 1_000,
    with_vector: true,
  });
  return text.replace(/"time":[^}]*/, "");
}
async function configOf(collection: string) {
  const { config, payload_schema } = await client.getCollection(collection);
  return { config, payload_schema };
}
const bytesOf = async (path: string) => Buffer.from(await (await fetch(`${address}${path}`)).arrayBuffer());
async function upload(collection: string, bytes: Uint8Array, query = "", field = "snapshot") {
  const form = new FormData();
  form.append(field, new Blob([Uint8Array.from(bytes)]), "x.snapshot");
  const response = await fetch(`${address}/collections/${collection}/snapshots/upload${query}`, {
    method: "POST",
    body: form,
  });
  return { status: response.status, body: (await response.json()) as { result?: unknown; status: { error: string } } };
}

const before = { contents: await contents("docs"), config: await configOf("docs") };
const snapshot = (await client.createSnapshot("docs")) as Described;
const file = await bytesOf(`/collections/docs/snapshots/${snapshot.name}`);

describe("snapshots of a collection, by the dialect's client", () => {
  test("are made, described, listed, downloaded and removed", async () => {
    assert.match(snapshot.name, /^docs-\d+-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.snapshot$/);
    assert.match(snapshot.creation_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.equal(snapshot.size, file.length);
    assert.equal(snapshot.checksum, createHash("sha256").update(file).digest("hex"));
    const other = (await client.createSnapshot("docs")) as Described;
    assert.notEqual(other.name, snapshot.name);
    assert.deepEqual(
      (await client.listSnapshots("docs")).map(({ name }) => name).sort(),
      [snapshot.name, other.name].sort(),
    );
    assert.equal(await client.deleteSnapshot("docs", other.name), true);
    assert.deepEqual(await client.listSnapshots("docs"), [snapshot]);
    assert.equal((await request("GET", `/collections/docs/snapshots/${other.name}`)).status, 404);
    assert.equal((await request("DELETE", `/collections/docs/snapshots/${other.name}`)).status, 404);
  });

  test("are counted by collection", async () => {
    const counted = async (name: string) =>
      new RegExp(`^${name}\\{id="docs"\\} (\\d+)$`, "m").exec((await request("GET", "/metrics")).text)?.[1];
    const before = Number(await counted("snapshot_created_total"));
    assert.ok(before >= 1);
    const { name = "" } = (await client.createSnapshot("docs")) ?? {};
    assert.equal(await counted("snapshot_created_total"), String(before + 1));
    assert.deepEqual(
      [await counted("snapshot_creation_running"), await counted("snapshot_recovery_running")],
      ["0", "0"],
    );
    await client.deleteSnapshot("docs", name);
  });

  test("that nobody waits for are accepted, and made", async () => {
    const there = new Set((await client.listSnapshots("docs")).map(({ name }) => name));
    const made = async () => (await client.listSnapshots("docs")).filter(({ name }) => !there.has(name));
    const { status, body } = await request("POST", "/collections/docs/snapshots?wait=false");
    assert.deepEqual([status, body.status, body.result], [202, "accepted", undefined]);
    await until(async () => (await made()).length === 1, "it is made");
    for (const { name } of await made()) await client.deleteSnapshot("docs", name);
  });

  test("that fail while nobody waits for them are logged and counted", async () => {
    const failed = async (work: string) => {
      const { text } = await request("GET", "/metrics");
      return Number(new RegExp(`^murmur_snapshot_failures_total\\{work="${work}"\\} (\\d+)$`, "m").exec(text)?.[1]);
    };
    const before = await failed("remove");
    for (const path of ["/snapshots", "/collections/docs/snapshots", "/collections/docs/shards/0/snapshots"]) {
      assert.equal((await request("DELETE", `${path}/none.snapshot?wait=false`)).status, 202);
    }
    await until(async () => (await failed("remove")) === before + 3, "three are counted");
    const lines = log()
      .split("\n")
      .filter((line) => line.includes("work on a snapshot that nobody waits for failed"));
    assert.equal(lines.length, 3);
    assert.deepEqual([await failed("create"), await failed("recover")], [0, 0]);
  });

  test("are made and sent at once, and not kept", async () => {
    const { length } = await client.listSnapshots("docs");
    const response = await fetch(`${address}/collections/docs/shards/0/snapshot`);
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "application/octet-stream"]);
    assert.match(response.headers.get("content-disposition") ?? "", /docs-\d+-[\d-]+\.snapshot/);
    const sent = Buffer.from(await response.arrayBuffer());
    assert.equal((await upload("sent", sent)).status, 200);
    assert.equal(await contents("sent"), before.contents);
    await client.deleteCollection("sent");
    assert.equal((await client.listSnapshots("docs")).length, length);
    await until(() => readdirSync(join(dataFolder, "snapshots", ".work")).length === 0, "the file is gone");
    for (const [path, status] of [
      ["nowhere/shards/0", 404],
      ["docs/shards/1", 400],
    ] as const) {
      assert.equal((await request("GET", `/collections/${path}/snapshot`)).status, status, path);
    }
  });

  test("bring points, payloads, vectors, settings and payload indexes to a new collection", async () => {
    const { status, body } = await upload("copy", file, `?checksum=${snapshot.checksum}&priority=snapshot`);
    assert.deepEqual([status, body.result], [200, true]);
    assert.equal(await contents("copy"), before.contents);
    assert.deepEqual(await configOf("copy"), before.config);
    const found = await client.query("copy", { query: [1, 1, 2, 3], using: "text", limit: 1 });
    assert.equal(found.points[0]?.id, 1);
  });

  test("take the place of what a collection holds", async () => {
    await client.upsert("copy", {
      wait: true,
      points: [
        { id: 9_999, vector: { image: [0, 0] } },
        { id: 1, vector: {}, payload: { other: 1 } },
      ],
    });
    await client.delete("copy", { wait: true, points: [2, 3] });
    await client.deletePayloadIndex("copy", "n", { wait: true });
    await client.createPayloadIndex("copy", { wait: true, field_name: "more", field_schema: "bool" });
    assert.deepEqual((await upload("copy", file)).status, 200);
    assert.equal(await contents("copy"), before.contents);
    assert.deepEqual(await configOf("copy"), before.config);
  });

  test("hold sparse vectors, and payload indexes of every type with their parameters", async () => {
    await client.createCollection("mixed", {
      vectors: { d: { size: 2, distance: "Dot", hnsw_config: { m: 6 } } },
      sparse_vectors: { words: { modifier: "idf" } },
    });
    const schemas = {
      u: { type: "uuid", is_tenant: true },
      at: { type: "datetime", on_disk: true },
      f: "float",
      b: "bool",
      k: { type: "keyword", is_tenant: true },
    } as const;
    for (const [field_name, field_schema] of Object.entries(schemas)) {
      await client.createPayloadIndex("mixed", { wait: true, field_name, field_schema });
    }
    const points = [1, 2, 3].map((id) => ({
      id,
      vector: { d: [id, 0.1], words: { indices: [5, id + 10], values: [0.3, id] } },
      payload: { at: "2024-01-01T00:00:00Z", f: id / 3, b: id === 1, k: `k${id}` },
    }));
    await client.upsert("mixed", { wait: true, points });
    const { name } = (await client.createSnapshot("mixed")) as Described;
    assert.equal((await upload("mixed-2", await bytesOf(`/collections/mixed/snapshots/${name}`))).status, 200);
    assert.equal(await contents("mixed-2"), await contents("mixed"));
    assert.deepEqual(await configOf("mixed-2"), await configOf("mixed"));
    const query = { query: { indices: [12], values: [1] }, using: "words", limit: 3 };
    assert.deepEqual(await client.query("mixed-2", query), await client.query("mixed", query));
  });

  test("are recovered from files in the folder, by the client too", async () => {
    const location = `file://${dataFolder}/snapshots/collections/docs/${snapshot.name}`;
    await client.delete("copy", { wait: true, filter: {} });
    const checksum = snapshot.checksum.toUpperCase();
    assert.equal(await client.recoverSnapshot("copy", { location, priority: "snapshot", checksum }), true);
    assert.equal(await contents("copy"), before.contents);
    await refused(client.recoverSnapshot("copy", { location, checksum: "0".repeat(64) }), 400, /checksum mismatch/);
  });

  test("are those of its only shard, too", async () => {
    const path = "/collections/docs/shards/0/snapshots";
    const { body } = await request("POST", path);
    const { name } = body.result as Described;
    assert.ok((await client.listShardSnapshots?.("docs", 0)) ?? true);
    assert.equal((await request("GET", `${path}/${name}`)).status, 200);
    assert.equal((await request("DELETE", `${path}/${name}`)).body.result, true);
    assert.equal((await request("POST", "/collections/docs/shards/1/snapshots")).status, 400);
  });
});

describe("snapshots that cannot be used", () => {
  const lines = file.toString().trimEnd().split("\n");
  const withEnd = (body: readonly string[], points: number) => {
    const text = `${body.join("\n")}\n`;
    return Buffer.from(
      `${text}${JSON.stringify({ end: { points, sha256: createHash("sha256").update(text).digest("hex") } })}\n`,
    );
  };
  const [header = ""] = lines;
  for (const [what, bytes, message] of [
    ["cut in a line", file.subarray(0, file.length - 10), /ends within a line/],
    ["cut behind a line", Buffer.from(`${lines.slice(0, -1).join("\n")}\n`), /it was cut/],
    ["changed", Buffer.from(file.toString().replace("ünï", "uni")), /checksum is another/],
    ["of another count", withEnd([header], 5), /another number of points/],
    ["of another version", withEnd([header.replace('snapshot":1', 'snapshot":2')], 0), /not known/],
    ["empty", Buffer.alloc(0), /empty/],
    ["of another kind", Buffer.from([0x50, 0x4b, 3, 4, 10]), /the snapshot cannot be used/],
    ["of a vector too long", withEnd([header, '{"points":[{"id":1,"vector":{"image":[1,2,3]}}]}'], 1), /line 2/],
    [
      "with hostile keys",
      withEnd([header, '{"points":[{"id":1,"vector":{},"payload":{"__proto__":1}}]}'], 1),
      /__proto__/,
    ],
    ["of other vectors", withEnd([header.replace('"size":4', '"size":5')], 0), /its vectors are other/],
  ] as const) {
    test(`${what}: are refused with the reason, and nothing is changed`, async () => {
      const { status, body } = await upload("docs", bytes);
      assert.deepEqual([status, body.status.error.slice(0, 12)], [400, "Bad request:"], JSON.stringify(body));
      assert.match(body.status.error, message);
      assert.deepEqual([await contents("docs"), await configOf("docs")], [before.contents, before.config]);
      assert.equal((await upload(`new-${what.length}`, bytes)).status, what === "of other vectors" ? 200 : 400);
      if (what !== "of other vectors")
        assert.deepEqual(await client.collectionExists(`new-${what.length}`), { exists: false });
    });
  }

  test("of another checksum, in another field or in no form are refused", async () => {
    const other = await upload("docs", file, `?checksum=${"0".repeat(64)}`);
    assert.deepEqual([other.status, /checksum mismatch/.test(other.body.status.error)], [400, true]);
    assert.equal((await upload("docs", file, "", "other")).status, 400);
    assert.equal((await request("POST", "/collections/docs/snapshots/upload", { a: 1 })).status, 400);
  });

  test("at places that are not in the folder are refused, and nothing is fetched", async () => {
    const recover = async (location: string) => {
      const { status, body } = await request("PUT", "/collections/docs/snapshots/recover", { location });
      return [status, (body.status as { error: string }).error] as const;
    };
    assert.deepEqual(await recover("file:///no/such.snapshot"), [
      400,
      'Bad request: Snapshot file "/no/such.snapshot" does not exist',
    ]);
    const [outside, forbidden] = await recover(`file://${root}/package.json`);
    assert.deepEqual([outside, forbidden.slice(0, 10)], [403, "Forbidden:"]);
    for (const location of [
      "x.snapshot",
      "./x.snapshot",
      "http://127.0.0.1:1/x.snapshot",
      "https://localhost/x",
      "ftp://a/b",
      "file://host/x",
      "file:///a%2fb",
    ]) {
      assert.equal((await recover(location))[0], 400, location);
    }
    for (const name of [
      "..%2F..%2Fmurmuration.db",
      "%2E%2E%2Fx.snapshot",
      "%2Fetc%2Fpasswd",
      "a%5Cb.snapshot",
      ".work",
      "x.snapshot%00",
      "murmuration.db",
    ]) {
      for (const path of ["/snapshots", "/collections/docs/snapshots"]) {
        const { status } = await request("GET", `${path}/${name}`);
        assert.ok([400, 404, 405].includes(status), `${path}/${name}: ${status}`);
      }
    }
  });

  test("that come compressed are not unpacked: no few bytes fill the disk", async () => {
    const content = Buffer.alloc(64 * 1024 * 1024, 0x20);
    const boundary = "part";
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="snapshot"; filename="x.snapshot"\r\n\r\n`;
    const body = gzipSync(Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]));
    assert.ok(body.length < 100_000);
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}`, "content-encoding": "gzip" };
    const response = await fetch(`${address}/collections/docs/snapshots/upload`, { method: "POST", headers, body });
    assert.equal(response.status, 400, await response.text());
    assert.deepEqual(readdirSync(join(dataFolder, "snapshots", ".work")), []);
    assert.equal(await contents("docs"), before.contents);
  });

  test("in bodies that are no multipart/form-data are refused", async () => {
    const part = `--b\r\ncontent-disposition: form-data; name="snapshot"; filename="x"\r\n\r\n`;
    for (const [type, body] of [
      ["multipart/form-data; boundary=b", "nothing of it"],
      ["multipart/form-data; boundary=b", `${part}cut off`],
      ["multipart/form-data; boundary=b", ""],
      ["multipart/form-data", `${part}x\r\n--b--\r\n`],
      ["multipart/form-data; boundary=b", `${part.repeat(3)}x\r\n--b--\r\n`],
    ] as const) {
      const headers = { "content-type": type };
      const response = await fetch(`${address}/collections/docs/snapshots/upload`, { method: "POST", headers, body });
      assert.equal(response.status, 400, `${type} ${body}: ${await response.text()}`);
    }
    assert.deepEqual(readdirSync(join(dataFolder, "snapshots", ".work")), []);
  });

  test("of no collection are refused", async () => {
    await refused(client.createSnapshot("nowhere"), 404, /nowhere/);
  });
});

test("snapshots of the whole store hold every collection, each of which can be recovered from them", async () => {
  const full = (await client.createFullSnapshot()) as Described;
  assert.match(full.name, /^full-snapshot-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d\.snapshot$/);
  assert.deepEqual(await client.listFullSnapshots(), [full]);
  const bytes = await bytesOf(`/snapshots/${full.name}`);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), full.checksum);
  await client.deleteCollection("copy");
  assert.equal((await upload("copy", bytes)).status, 200);
  assert.equal(await contents("copy"), before.contents);
  const none = await upload("absent", bytes);
  assert.deepEqual([none.status, /holds no collection absent/.test(none.body.status.error)], [400, true]);
  assert.equal(await client.deleteFullSnapshot(full.name), true);
  assert.deepEqual(await client.listFullSnapshots(), []);
});
