import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { fill, testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import { Guard } from "./guard.js";

const [mainKey] = testKeys.readWrite as [string];
const key = { "api-key": mainKey };
const test = await testApp({ guard: new Guard(testKeys) });
await fill({ ...test, ask: (method, url, body) => test.ask(method, url, body, key) });
await test.ask(
  "POST",
  "/collections/aliases",
  {
    actions: [
      { create_alias: { collection_name: "things", alias_name: "stuff" } },
      { create_alias: { collection_name: "named", alias_name: "pseudonym" } },
    ],
  },
  key,
);
const address = new URL(await test.app.listen({ host: "127.0.0.1", port: 0 }));
const token = bearing(
  await signedToken({
    access: [
      { collection: "things", access: "rw" },
      { collection: "nowhere", access: "rw" },
    ],
  }),
);

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly error: string | undefined;
  readonly result: unknown;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = token,
): Promise<Answer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
  const response = await fetch(new URL(path, address), { method, headers: { ...type, ...headers }, ...sent });
  const text = await response.text();
  const json = text.startsWith("{") ? (JSON.parse(text) as { status?: { error?: string }; result?: unknown }) : {};
  return { status: response.status, text, error: json.status?.error, result: json.result };
}

const points = "/collections/things/points";
const lookupIn = (collection: string) => ({ lookup_from: { collection, vector: "text" } });
/** Requests in its own collection that reach into another one. */
const reaches: { readonly [how: string]: (other: string) => readonly [string, object] } = {
  lookup_from: (other) => [`${points}/query`, { query: 1, ...lookupIn(other) }],
  "lookup_from of a prefetch": (other) => [
    `${points}/query`,
    { prefetch: { query: 1, ...lookupIn(other) }, query: { fusion: "rrf" } },
  ],
  "lookup_from of a prefetch of a prefetch": (other) => [
    `${points}/query`,
    {
      prefetch: [{ prefetch: [{ query: 1, ...lookupIn(other) }], query: { fusion: "rrf" } }],
      query: { fusion: "rrf" },
    },
  ],
  "lookup_from in a batch": (other) => [
    `${points}/query/batch`,
    { searches: [{ query: [1, 2, 3, 4] }, { query: 1, ...lookupIn(other) }] },
  ],
  "lookup_from of groups": (other) => [`${points}/query/groups`, { group_by: "city", query: 1, ...lookupIn(other) }],
  "with_lookup of groups": (other) => [
    `${points}/query/groups`,
    { group_by: "count", query: [1, 2, 3, 4], with_lookup: other },
  ],
  "with_lookup of search groups": (other) => [
    `${points}/search/groups`,
    { group_by: "count", vector: [1, 2, 3, 4], limit: 3, group_size: 1, with_lookup: { collection: other } },
  ],
  recommend: (other) => [`${points}/recommend`, { positive: [1], limit: 3, ...lookupIn(other) }],
  "recommend in a batch": (other) => [
    `${points}/recommend/batch`,
    { searches: [{ positive: [1], limit: 3, ...lookupIn(other) }] },
  ],
  "recommend groups": (other) => [
    `${points}/recommend/groups`,
    { positive: [1], limit: 3, group_by: "count", group_size: 1, ...lookupIn(other) },
  ],
  discover: (other) => [`${points}/discover`, { target: 1, limit: 3, ...lookupIn(other) }],
  "discover in a batch": (other) => [
    `${points}/discover/batch`,
    { searches: [{ target: 1, limit: 3, ...lookupIn(other) }] },
  ],
};

describe("who has a token for one collection", () => {
  for (const [how, request] of Object.entries(reaches)) {
    it(`does not reach another one by ${how}, and does not learn whether there is one`, async () => {
      for (const other of ["named", "pseudonym", "missing"]) {
        const [path, body] = request(other);
        const { status, error } = await ask("POST", path, body);
        assert.deepEqual([status, error], [403, `Forbidden: Access to collection ${other} is required`]);
      }
      // what it was refused is something that there is
      const [path, body] = request("named");
      assert.notEqual((await ask("POST", path, body, key)).status, 403);
    });
  }

  it("is told the same of a collection, of an alias and of a name that leads nowhere", async () => {
    for (const other of ["named", "pseudonym", "missing"]) {
      for (const [method, path, body] of [
        ["GET", `/collections/${other}`],
        ["GET", `/collections/${other}/exists`],
        ["GET", `/collections/${other}/aliases`],
        ["GET", `/collections/${other}/points/1`],
        ["POST", `/collections/${other}/points/query`, {}],
        ["POST", `/collections/${other}/points/query`, { query: "not valid", limit: -1 }],
        ["PUT", `/collections/${other}/points`, { points: [] }],
        ["GET", `/murmur/collections/${other}/digest`],
      ] as const) {
        const { status, error } = await ask(method, path, body);
        assert.deepEqual([status, error], [403, `Forbidden: Access to collection ${other} is required`], path);
      }
    }
  });

  it("uses the names that the token has: no alias, and none that leads nowhere", async () => {
    assert.equal((await ask("GET", `${points}/1`)).status, 200);
    assert.equal((await ask("GET", "/collections/stuff/points/1")).status, 403);
    assert.equal((await ask("GET", "/collections/nowhere")).status, 404);
    const byAlias = bearing(await signedToken({ access: [{ collection: "pseudonym", access: "r" }] }));
    assert.equal((await ask("GET", "/collections/pseudonym/points/1", undefined, byAlias)).status, 200);
    assert.equal((await ask("GET", "/collections/named/points/1", undefined, byAlias)).status, 403);
    assert.deepEqual((await ask("GET", "/collections", undefined, byAlias)).result, { collections: [] });
    const listed = await ask("GET", "/collections/pseudonym/aliases", undefined, byAlias);
    assert.deepEqual(listed.result, { aliases: [] }, "an alias does not tell what it stands for");
  });

  it("sees in lists what it may see", async () => {
    assert.deepEqual((await ask("GET", "/collections")).result, { collections: [{ name: "things" }] });
    const aliases = { aliases: [{ alias_name: "stuff", collection_name: "things" }] };
    assert.deepEqual((await ask("GET", "/aliases")).result, aliases);
    assert.deepEqual((await ask("GET", "/collections/things/aliases")).result, aliases);
    const all = (await ask("GET", "/collections", undefined, key)).result;
    assert.deepEqual(all, { collections: [{ name: "named" }, { name: "things" }] });
  });

  it("gets no other collection by the spelling of a path", async () => {
    for (const path of [
      "/collections/things/../named",
      "/collections/things/%2e%2e/named/points/1",
      "/collections//named",
      "/collections/named/",
      "/collections/%6eamed",
      "/collections/named%00",
      "/collections/named?collection_name=things",
      "//collections/named/points/1",
    ]) {
      // fetch would tidy the path
      const { status, text } = await rawly(`GET ${path} HTTP/1.1`, [`authorization: ${token.authorization}`]);
      assert.ok(status === 403 || status === 404 || status === 400, `${path}: ${status}`);
      assert.ok(!text.includes("points_count") && !text.includes("payload"), `${path}: ${text}`);
    }
  });

  it("does nothing with the whole store, nor with snapshots of its own collection", async () => {
    for (const [method, path] of [
      ["GET", "/snapshots"],
      ["POST", "/snapshots"],
      ["GET", "/snapshots/x"],
      ["GET", "/collections/things/snapshots"],
      ["POST", "/collections/things/snapshots"],
      ["GET", "/collections/things/snapshots/x"],
      ["PUT", "/collections/things/snapshots/recover"],
      ["GET", "/murmur/backups"],
      ["POST", "/murmur/backups"],
      ["GET", "/murmur/status"],
      ["GET", "/metrics"],
      ["GET", "/telemetry"],
      ["GET", "/issues"],
      ["POST", "/collections/aliases"],
      ["PUT", "/collections/things"],
      ["DELETE", "/collections/things"],
    ] as const) {
      const { status, error } = await ask(method, path, method === "GET" ? undefined : {});
      assert.deepEqual([status, error], [403, "Forbidden: Global access is required"], `${method} ${path}`);
    }
  });

  it("is let in only while what its token says is there", async () => {
    const tokenFor = async (collection: string, value: string) =>
      bearing(
        await signedToken({
          access: [{ collection: "things", access: "r" }],
          value_exists: { collection, matches: [{ key: "city", value }] },
        }),
      );
    const failed = "Invalid JWT, stateful validation failed";
    const london = await tokenFor("things", "London");
    assert.equal((await ask("GET", `${points}/1`, undefined, london)).status, 200);
    for (const [collection, value] of [
      ["things", "Rome"],
      ["named", "London"],
      ["missing", "London"],
    ] as const) {
      const { status, text } = await ask("GET", `${points}/1`, undefined, await tokenFor(collection, value));
      assert.deepEqual([status, text], [401, failed]);
    }
    for (const named of ["city[", "..", "\ud800", "x".repeat(4_000)]) {
      const odd = await signedToken({
        access: [{ collection: "things", access: "r" }],
        value_exists: { collection: "things", matches: [{ key: named, value: "London" }] },
      });
      const { status, text } = await ask("GET", `${points}/1`, undefined, bearing(odd));
      assert.deepEqual([status, text], [401, failed], "a key that is no path is in no point");
    }
    await ask("POST", `${points}/delete?wait=true`, { points: [2] }, key);
    assert.deepEqual((await ask("GET", `${points}/1`, undefined, london)).text, failed);
  });
});

/** The answer to a request that is sent as it is, before its body, if it says that it has one. */
function rawly(line: string, headers: readonly string[]): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(address.port), address.hostname);
    after(() => socket.destroy());
    let text = "";
    socket.on("error", reject).setEncoding("utf8");
    socket.on("data", (piece: string) => {
      text += piece;
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      const body = text.split("\r\n\r\n")[1];
      if (length === undefined || body === undefined || Buffer.byteLength(body) < Number(length)) return;
      socket.destroy();
      resolve({ status: Number(text.split(" ")[1]), text: body });
    });
    socket.write(`${[line, "host: test", ...headers].join("\r\n")}\r\n\r\n`);
  });
}

describe("who has no key", () => {
  it("is refused before anything of the body has come", async () => {
    for (const headers of [[], ["api-key: wrong"]]) {
      const { status } = await rawly("PUT /collections/things/points HTTP/1.1", [
        ...headers,
        "content-type: application/json",
        "content-length: 33000000",
      ]);
      assert.equal(status, 401);
    }
    const upload = await rawly("POST /collections/things/snapshots/upload HTTP/1.1", [
      "content-type: multipart/form-data; boundary=x",
      "content-length: 33000000",
    ]);
    assert.equal(upload.status, 401);
  });

  it("is told nothing of paths, nor of what is wrong with a request", async () => {
    const missing = "Must provide an API key or an Authorization bearer token";
    for (const [method, path] of [
      ["GET", "/no/such/path"],
      ["DELETE", "/metrics"],
      ["GET", "/collections/named"],
      ["GET", "/collections/missing"],
      ["POST", "/collections/named/points/query"],
      ["GET", "/collections/named?consistency=never"],
      ["GET", "/collections//points"],
    ] as const) {
      const { status, text } = await ask(method, path, undefined, {});
      assert.deepEqual([status, text], [401, missing], `${method} ${path}`);
    }
  });

  it("is let in by no key in the query, and by none in a cookie", async () => {
    for (const name of ["api-key", "api_key", "key", "token"]) {
      assert.equal((await ask("GET", `/collections?${name}=${mainKey}`, undefined, {})).status, 401);
    }
    assert.equal((await ask("GET", "/collections", undefined, { cookie: `api-key=${mainKey}` })).status, 401);
  });

  it("gets a preflight answered, which lets pages send keys, and nothing else", async () => {
    const asks = (origin: string) =>
      fetch(new URL("/collections/things/points", address), {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "PUT",
          "access-control-request-headers": "api-key, authorization, content-type",
        },
      });
    const allowed = await asks("http://localhost:3000");
    assert.deepEqual([allowed.status, await allowed.text()], [204, ""]);
    assert.equal(allowed.headers.get("access-control-allow-origin"), "http://localhost:3000");
    assert.match(allowed.headers.get("access-control-allow-headers") ?? "", /api-key, authorization/);
    assert.equal(allowed.headers.get("access-control-allow-credentials"), null, "a key is nothing that a browser adds");
    const other = await asks("https://evil.example.org");
    assert.equal(other.headers.get("access-control-allow-origin"), null);
  });
});
