import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { awkwardTexts } from "../fuzz/odd-values.js";
import { startE2eServer } from "./e2e-server.js";

// Snapshots that nobody has made, in bodies that no client sends: whatever is refused changes nothing, and nothing ends the server.

const { client, request, address, dataFolder } = await startE2eServer();

await client.createCollection("docs", {
  vectors: { a: { size: 2, distance: "Dot" }, b: { size: 1, distance: "Euclid" } },
  sparse_vectors: { s: {} },
});
await client.createPayloadIndex("docs", { wait: true, field_name: "n", field_schema: "integer" });
await client.upsert("docs", {
  wait: true,
  points: [1, 2, 3].map((id) => ({
    id,
    vector: { a: [id, 1], b: [id], s: { indices: [id], values: [1] } },
    payload: { n: id, tags: ["x", { y: null }] },
  })),
});
const { name = "" } = (await client.createSnapshot("docs")) ?? {};
const made = await fetch(`${address}/collections/docs/snapshots/${name}`);
const lines = (await made.text()).trimEnd().split("\n").slice(0, -1);

async function state(): Promise<unknown> {
  const { text } = await request("POST", "/collections/docs/points/scroll", { limit: 100, with_vector: true });
  const { config, payload_schema } = await client.getCollection("docs");
  return { points: text.replace(/"time":[^}]*/, ""), config, payload_schema };
}

/** With the end that belongs to it. */
function ended(body: readonly string[], points: number): Buffer {
  const text = `${body.join("\n")}\n`;
  const sha256 = createHash("sha256").update(text).digest("hex");
  return Buffer.from(`${text}${JSON.stringify({ end: { points, sha256 } })}\n`);
}

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e308, 2 ** 53, "", "x", [], {}, [[]], { a: {} }),
  fc.constantFrom(...awkwardTexts),
  fc.nat({ max: 400 }).map((depth) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown),
);
const hostileKey = fc.constantFrom("__proto__", "constructor", "vector", "vectors", "id", "points", "batch", "");

/** A place in a value by a number, and what stands there then. */
type Mutation = readonly [place: number, key: string | undefined, value: unknown];
const mutation: fc.Arbitrary<Mutation> = fc.tuple(
  fc.nat(),
  fc.option(hostileKey, { nil: undefined }),
  fc.option(oddValue, { nil: undefined }),
);

function mutated(line: string, [place, key, value]: Mutation): string {
  const whole = JSON.parse(line) as object;
  const places: { readonly of: { [key: string]: unknown }; readonly key: string }[] = [];
  const visit = (of: object) => {
    for (const [name, child] of Object.entries(of)) {
      places.push({ of: of as { [key: string]: unknown }, key: name });
      if (typeof child === "object" && child !== null) visit(child as object);
    }
  };
  visit(whole);
  const found = places[place % places.length];
  if (found === undefined) return line;
  const at = key ?? found.key;
  if (value === undefined) delete found.of[at];
  else Object.defineProperty(found.of, at, { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(whole);
}

const content = fc.oneof(
  // whole, but for what is said
  fc
    .tuple(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.constantFrom(3, 0, 4))
    .map(([at, all, points]) => {
      const which = at % lines.length;
      return ended(
        lines.map((line, i) => (i === which ? all.reduce(mutated, line) : line)),
        points,
      );
    }),
  fc
    .tuple(
      fc.array(fc.constantFrom(...lines, "", "null", "[]", '{"end":{}}', '{"points":[]}'), { maxLength: 5 }),
      fc.nat({ max: 5 }),
    )
    .map(([some, points]) => ended(some, points)),
  // of a part of its bytes, or with others
  fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([at, byte]) => {
    const bytes = ended(lines, 3);
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.nat().map((length) => ended(lines, 3).subarray(0, length % 600)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

const bytesOf = (text: string) => Buffer.from(text);

const fileName = fc.oneof(
  fc.constantFrom(
    "x.snapshot",
    "../../murmuration.db",
    "/etc/passwd",
    "a\\b",
    "..",
    "C:\\x",
    "x\u0000y",
    "a".repeat(5_000),
  ),
  fc.constantFrom(...awkwardTexts),
);
const quoted = (text: string) => text.replace(/["\r\n]/g, "%22");

interface Sent {
  readonly type: string;
  readonly body: Buffer;
  readonly query: string;
}

/** A body of one file, or what is like it. */
const sent: fc.Arbitrary<Sent> = fc
  .record({
    bytes: content,
    field: fc.constantFrom("snapshot", "snapshot", "snapshot", "file", ""),
    file: fileName,
    boundary: fc.constantFrom("b", "----x", "b'()+_,-./:=?"),
    said: fc.constantFrom("same", "same", "same", "other", "none"),
    before: fc.constantFrom("", "field", "file", "many"),
    cut: fc.option(fc.nat(), { nil: undefined, freq: 4 }),
    query: fc.constantFrom(
      "",
      "?wait=true",
      "?wait=x",
      "?priority=none",
      `?checksum=${"0".repeat(64)}`,
      "?checksum=..%2Fx",
    ),
  })
  .map(({ bytes, field, file, boundary, said, before, cut, query }) => {
    const part = (disposition: string, of: Buffer) =>
      Buffer.concat([
        Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n`),
        of,
        bytesOf("\r\n"),
      ]);
    const own = part(`name="${field}"; filename="${quoted(file)}"`, bytes);
    const first = {
      "": [],
      field: [part('name="__proto__"', bytesOf("x"))],
      file: [part('name="other"; filename="y"', bytesOf("y"))],
      many: Array.from({ length: 40 }, (_, i) => part(`name="f${i}"`, bytesOf("z"))),
    }[before] as Buffer[];
    const whole = Buffer.concat([...first, own, Buffer.from(`--${boundary}--\r\n`)]);
    const type = { same: `; boundary="${boundary}"`, other: "; boundary=other", none: "" }[said] as string;
    return {
      type: `multipart/form-data${type}`,
      body: cut === undefined ? whole : whole.subarray(0, cut % whole.length),
      query,
    };
  });

const work = join(dataFolder, "snapshots", ".work");
const foldersOf = () => readdirSync(dataFolder).sort();

test("bodies of snapshots that nobody has made are refused and change nothing, or are taken whole", async () => {
  let before = await state();
  const folders = foldersOf();
  const met = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(sent, async ({ type, body, query }) => {
      const response = await fetch(`${address}/collections/docs/snapshots/upload${query}`, {
        method: "POST",
        headers: { "content-type": type },
        body: Uint8Array.from(body),
      });
      const text = await response.text();
      met.set(response.status, (met.get(response.status) ?? 0) + 1);
      assert.ok([200, 400, 413, 422].includes(response.status), `${response.status} ${text}`);
      if (response.status === 200) before = await state();
      else {
        assert.match((JSON.parse(text) as { status: { error: string } }).status.error, /^[A-Z][\w ]+: ./);
        assert.deepEqual(await state(), before);
      }
      assert.deepEqual(existsSync(work) ? readdirSync(work) : [], []);
      assert.deepEqual(foldersOf(), folders);
    }),
    { numRuns: Number(process.env["SNAPSHOT_RUNS"] ?? 100) },
  );
  assert.ok((met.get(400) ?? 0) > 20, JSON.stringify([...met]));
  assert.equal((await request("GET", "/healthz")).status, 200);
});

test("names of snapshots in paths lead nowhere but to snapshots", async () => {
  const segment = fc.oneof(
    // dots alone are another path, which a client makes of them
    fileName.filter((text) => !["", ".", ".."].includes(text)),
    fc.constantFrom("%2e%2e%2f%2e%2e%2fmurmuration.db", "..%5c..", "%00", "%252e%252e", ".work"),
  );
  const paths = ["/snapshots", "/collections/docs/snapshots", "/collections/docs/shards/0/snapshots"];
  const before = await state();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom("GET", "DELETE"),
      segment,
      async (path, method, one) => {
        const encoded = one.includes("%") ? one : encodeURIComponent(one);
        const { status, text } = await request(method, `${path}/${encoded}`);
        // a name of dots alone is another path
        const isElsewhere = [".", ".."].includes(one);
        if (!isElsewhere)
          assert.ok(
            [400, 404, 405, 414, 422, 431].includes(status),
            `${method} ${path}/${one}: ${status} ${text.slice(0, 200)}`,
          );
      },
    ),
    { numRuns: 50 },
  );
  assert.deepEqual(await state(), before);
});
