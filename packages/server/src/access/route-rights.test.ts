import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type TestApp, testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import { Guard } from "./guard.js";
import { type Right, rights } from "./rights.js";
import { rightOf, routeRights } from "./route-rights.js";

type Method = Parameters<TestApp["ask"]>[0];

const [mainKey, alternateKey] = testKeys.readWrite as [string, string];
const [readOnlyKey] = testKeys.readOnly as [string];
const tokenFor = (collection: string, access: string) => signedToken({ access: [{ collection, access }] });

const upToRead: readonly Right[] = ["open", "any", "collection-read"];
/** Whoever may call, with what they may do in the collection `things`, and in one that they were given nothing of. */
const callers: {
  readonly [name: string]: {
    readonly headers: Record<string, string>;
    readonly here: readonly Right[];
    readonly elsewhere: readonly Right[];
  };
} = {
  "nobody, without a key": { headers: {}, here: ["open"], elsewhere: ["open"] },
  "a wrong key": { headers: { "api-key": "wrong" }, here: ["open"], elsewhere: ["open"] },
  "the key": { headers: { "api-key": mainKey }, here: rights, elsewhere: rights },
  "an alternate as bearer": { headers: bearing(alternateKey), here: rights, elsewhere: rights },
  "the read-only key": {
    headers: { "api-key": readOnlyKey },
    here: [...upToRead, "global-read"],
    elsewhere: [...upToRead, "global-read"],
  },
  "a token to read all": {
    headers: bearing(await signedToken({ access: "r" })),
    here: [...upToRead, "global-read"],
    elsewhere: [...upToRead, "global-read"],
  },
  "a token to manage": { headers: bearing(await signedToken({ access: "m" })), here: rights, elsewhere: rights },
  "a token to read a collection": {
    headers: bearing(await tokenFor("things", "r")),
    here: upToRead,
    elsewhere: ["open", "any"],
  },
  "a token to write points": {
    headers: bearing(await tokenFor("things", "prw")),
    here: [...upToRead, "points-write"],
    elsewhere: ["open", "any"],
  },
  "a token to write a collection": {
    headers: bearing(await tokenFor("things", "rw")),
    here: [...upToRead, "points-write", "collection-write"],
    elsewhere: ["open", "any"],
  },
};

const served = Object.keys(routeRights).map((route) => route.split(" ") as [Method, string]);
const urlOf = (path: string, collection: string) =>
  path
    .replace("{collection_name}", collection)
    .replace("{shard_id}", "0")
    .replace(/\{\w+\}/g, "1");

describe("the rights of routes", () => {
  it("are stated for every route that is served, and for no other", async () => {
    const { app } = await testApp();
    const { paths } = JSON.parse((await app.inject("/openapi.json")).body) as { paths: Record<string, object> };
    const known = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(known.sort(), Object.keys(routeRights).sort());
  });

  it("are missed at once where a route has none", () => {
    assert.throws(() => rightOf("GET", "/new"), /no right is stated for the route GET \/new/);
    assert.throws(() => rightOf("__proto__", ""), /no right/);
  });

  for (const [name, { headers, here, elsewhere }] of Object.entries(callers)) {
    it(`let ${name} do what it may on every route, and nothing else`, async () => {
      const guard = new Guard(testKeys);
      const guarded = await testApp({ guard });
      for (const [method, path] of served) {
        const right = rightOf(method, path);
        for (const [collection, allowed] of [
          ["things", here],
          ["others", elsewhere],
        ] as const) {
          const url = urlOf(path, collection);
          const body = method === "GET" ? undefined : {};
          const { statusCode, error, text } = await guarded.ask(method, url, body, headers);
          const where = `${method} ${url}: ${statusCode} ${text}`;
          if (allowed.includes(right)) {
            assert.ok(statusCode !== 401 && statusCode !== 403, where);
          } else if (here.length === 1) {
            assert.equal(statusCode, 401, where);
          } else {
            assert.equal(statusCode, 403, where);
            assert.match(error ?? "", /^Forbidden: .* is required$/, where);
          }
          if (!path.includes("{collection_name}")) break;
        }
      }
    });
  }

  it("hold for HEAD as for GET", async () => {
    const { app } = await testApp({ guard: new Guard(testKeys) });
    const head = (url: string, headers = {}) => app.inject({ method: "HEAD", url, headers });
    assert.equal((await head("/collections")).statusCode, 401);
    assert.equal((await head("/collections", { "api-key": mainKey })).statusCode, 200);
    assert.equal((await head("/metrics", bearing(await tokenFor("things", "rw")))).statusCode, 403);
    assert.equal((await head("/healthz")).statusCode, 200);
  });

  it("stand in docs/security.md as here", () => {
    const page = readFileSync(new URL("../../../../docs/security.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `([A-Z]+ [^`]+)` \| ([a-z-]+) \|$/gm)].map(([, route, right]) => [
      route,
      right,
    ]);
    assert.deepEqual(rows, Object.entries(routeRights));
  });
});
