import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

// what a browser has, before the module looks at it
const stored = new Map<string, string>();
Object.assign(globalThis, {
  document: { baseURI: "http://127.0.0.1:1/dashboard/" },
  sessionStorage: {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  },
});
const api = await import("./api.js");

const KEY = "the-key";
/** A server that needs a key. */
const asked = mock.method(globalThis, "fetch", async (_url: URL, { headers }: { readonly headers: Headers }) =>
  headers.get("api-key") === KEY
    ? new Response('{"result": 1}')
    : new Response("Must provide an API key", { status: 401 }),
);
/** Until a question is open. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  api.forgetKey();
  api.refuseKey();
  api.wantKey();
  asked.mock.resetCalls();
});

test("who does not give a key is not asked again before it is wanted", async () => {
  const first = assert.rejects(api.ask("GET", "/a"), /A key is needed/);
  await settled();
  assert.equal(api.keyAsked.value, "");
  api.refuseKey();
  await first;
  await assert.rejects(api.ask("GET", "/a"), /A key is needed/);
  assert.equal(api.keyAsked.value, undefined, "the question stays away");
  api.wantKey();
  const wanted = api.ask("GET", "/a");
  await settled();
  assert.equal(api.keyAsked.value, "");
  api.giveKey(KEY);
  assert.equal(await wanted, 1);
  assert.equal(api.keyAsked.value, undefined);
});

test("the question closes with the last request that waits, and nothing of them stays", async () => {
  const [one, two] = [new AbortController(), new AbortController()];
  const ends = [one, two].map(({ signal }) => assert.rejects(api.ask("GET", "/a", { signal }), /gone/));
  await settled();
  one.abort(new Error("gone"));
  await ends[0];
  assert.equal(api.keyAsked.value, "", "the other one waits");
  two.abort(new Error("gone"));
  await ends[1];
  assert.equal(api.keyAsked.value, undefined);
  asked.mock.resetCalls();
  api.giveKey(KEY);
  await settled();
  assert.equal(asked.mock.callCount(), 0);
});

test("with the key all is forgotten that was asked with it", () => {
  api.giveKey(KEY);
  stored.set("murmuration.console", "[]");
  api.forgetKey();
  assert.deepEqual([...stored], []);
});

test("an answer that ends in the middle says so, and not in the browser's words", async () => {
  const body = new ReadableStream({ start: (stream) => stream.error(new TypeError("network error")) });
  asked.mock.mockImplementationOnce(async () => new Response(body));
  await assert.rejects(api.ask("GET", "/a"), /^ApiError: The answer ended before it was whole/);
});

test("a name that would make another path of it is refused", () => {
  for (const name of ["..", ".", ""])
    assert.throws(() => api.path`/collections/${name}/index`, /cannot stand in a path/);
  assert.equal(api.path`/collections/${"a/.."}/index`, "/collections/a%2F../index");
});

test("only what is known to read is taken for a read", () => {
  for (const route of [
    "/collections/c/points",
    "/collections/c/points/query/batch?timeout=1",
    "/murmur/collections/c/quality?a=/",
  ])
    assert.ok(api.isRead("POST", route), route);
  for (const route of [
    "/collections/aliases",
    "/collections/c/points/payload",
    "/collections/c/points/delete?x=/query",
  ])
    assert.ok(!api.isRead("POST", route), route);
  assert.ok(
    api.isRead("GET", "/a") && !api.isRead("PUT", "/collections/c/points") && !api.isRead("DELETE", "/a/query"),
  );
});

/** A token as its holder sees it. */
const tokenOf = (claims: object) => `e30.${btoa(JSON.stringify(claims)).replace(/=+$/, "")}.c2ln`;

test("a token that is over is said to be", async () => {
  for (const [key, said] of [
    [tokenOf({ access: "r", exp: 1_000_000 }), /^Must provide an API key\. The token ended at 1970-01-1\d /],
    [tokenOf({ exp: Date.now() / 1_000 + 3_600 }), /^Must provide an API key$/],
    [tokenOf({ exp: "x" }), /^Must provide an API key$/],
    ["e30.%%.c2ln", /^Must provide an API key$/],
    ["a.b.c", /^Must provide an API key$/],
  ] as const) {
    api.giveKey(key);
    const asking = assert.rejects(api.ask("GET", "/a"), /A key is needed/);
    await settled();
    assert.match(api.keyAsked.value ?? "", said);
    api.refuseKey();
    await asking;
  }
});

test("what is asked with a key is told apart from what was asked before it was given, also where it is the same one", () => {
  const before = api.timesKeyed.value;
  api.giveKey(KEY);
  api.giveKey(KEY);
  api.forgetKey();
  assert.equal(api.timesKeyed.value, before + 3);
});
