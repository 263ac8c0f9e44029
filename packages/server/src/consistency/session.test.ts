import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeToken, encodeToken, SYSTEM_SHARD } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { sessionTokenCharactersMax } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { memberApp } from "../testing/member-app.js";
import { filledApp } from "../testing/test-app.js";

const SCROLL = "/collections/things/points/scroll";
const UPSERT = "/collections/things/points?wait=true";
const body = { points: [{ id: 7, vector: [1, 2, 3, 4] }] };
const header = (name: keyof typeof murmurHeaders, value: string) => ({ [murmurHeaders[name]]: value });

describe("tokens over HTTP", () => {
  it("are on every answer of a route that takes part in sessions, refused ones included", async () => {
    const { ask, database } = await filledApp();
    const things = database.collection("things").id;
    const shardsOf = async (method: "GET" | "POST" | "PUT" | "DELETE", path: string, sent?: unknown) => {
      const { headers } = await ask(method, path, sent);
      return [...decodeToken(String(headers[murmurHeaders.token]), "token").keys()].sort();
    };
    const ofThings = [SYSTEM_SHARD, things].sort();
    assert.deepEqual(await shardsOf("POST", SCROLL, {}), ofThings);
    assert.deepEqual(await shardsOf("PUT", UPSERT, body), ofThings);
    assert.deepEqual(await shardsOf("GET", "/collections/things/points/4711"), ofThings);
    assert.deepEqual(await shardsOf("GET", "/collections"), [SYSTEM_SHARD]);
    assert.deepEqual(await shardsOf("GET", "/collections/nowhere"), [SYSTEM_SHARD]);
    assert.deepEqual(await shardsOf("DELETE", "/collections/things"), [SYSTEM_SHARD]);
    assert.equal((await ask("GET", "/healthz")).headers[murmurHeaders.token], undefined);
  });

  it("are of the moment at which a reader was asked, where that reader fails", async () => {
    const { ask, database } = await filledApp();
    const frontier = header("frontier", "1");
    const told = ({ headers }: Awaited<ReturnType<typeof ask>>) =>
      [murmurHeaders.token, murmurHeaders.frontier].map((name) => headers[name]);
    const before = await ask("POST", SCROLL, {}, frontier);
    const read = database.read.bind(database);
    database.read = async () => {
      // something is written while the reader dies
      await ask("PUT", UPSERT, body);
      throw new MurmurationError("internal", "the reader ended");
    };
    const failed = await ask("POST", SCROLL, {}, frontier);
    assert.deepEqual([failed.statusCode, ...told(failed)], [500, ...told(before)]);
    database.read = read;
    assert.notDeepEqual(told(await ask("POST", SCROLL, {}, frontier)), told(before));
  });

  it("name the collections that a query looks vectors up in", async () => {
    const { ask, database } = await filledApp();
    const query = { query: 1, using: "image", lookup_from: { collection: "things", vector: "" }, limit: 1 };
    const { headers } = await ask("POST", "/collections/named/points/query", query);
    const shards = [...decodeToken(String(headers[murmurHeaders.token]), "token").keys()].sort();
    assert.deepEqual(shards, [SYSTEM_SHARD, ...["things", "named"].map((name) => database.collection(name).id)].sort());
  });

  it("come back merged with the one that came", async () => {
    const { ask } = await filledApp();
    const token = new Map([["elsewhere", new Map([[5, 9]])]]);
    const { headers } = await ask("POST", SCROLL, {}, header("token", encodeToken(token)));
    assert.deepEqual(decodeToken(String(headers[murmurHeaders.token]), "token").get("elsewhere"), new Map([[5, 9]]));
  });

  it("that are none, or too long, are refused and nothing is written", async () => {
    const { ask, written } = await filledApp();
    const writtenBefore = written.length;
    for (const text of ["?", "AAAA", "A".repeat(sessionTokenCharactersMax + 1)]) {
      const { statusCode, error } = await ask("PUT", UPSERT, body, header("token", text));
      assert.equal(statusCode, 400);
      assert.match(error ?? "", /^Deserialize error in headers: x-murmur-token: /);
    }
    assert.equal(written.length, writtenBefore);
  });

  it("that nobody covers in time give 503, which says what is missing", async () => {
    const { ask, written } = await filledApp();
    const writtenBefore = written.length;
    const token = encodeToken(new Map([[SYSTEM_SHARD, new Map([[1, 100]])]]));
    const read = await ask("POST", `${SCROLL}?timeout=1`, {}, header("token", token));
    assert.equal(read.statusCode, 503);
    assert.match(read.error ?? "", /lacks \d+ operations that the session has seen after 1 s, and no other/);
    const write = await ask("PUT", UPSERT, body, header("token", token));
    assert.equal(write.statusCode, 503);
    assert.match(write.error ?? "", /nothing was written/);
    assert.equal(written.length, writtenBefore);
    const now = await ask("POST", `${SCROLL}?consistency=eventual`, {}, header("token", token));
    assert.equal(now.statusCode, 200);
  });
});

describe("levels over HTTP", () => {
  it("that are none are refused by the parameter's name and its limit, and nothing is written", async () => {
    const { ask, written } = await memberApp([2]);
    const writtenBefore = written.length;
    const cases: [string, number, RegExp][] = [
      ["0", 422, /value 0 invalid, must be 1 or larger/],
      [String(2n ** 64n - 1n), 422, /18446744073709552000 of 2 members are asked for/],
      ["3", 422, /3 of 2 members are asked for/],
      ["most", 400, /expected an integer or one of eventual, session, quorum, majority, all, got "most"/],
      ["", 400, /expected an integer/],
      ["-1", 400, /expected an integer/],
    ];
    for (const [level, statusCode, message] of cases) {
      const read = await ask("POST", `${SCROLL}?consistency=${level}`, {});
      assert.deepEqual([read.statusCode, level], [statusCode, level]);
      assert.match(read.error ?? "", /in query parameters: \[?consistency: /);
      assert.match(read.error ?? "", message);
      for (const wait of ["true", "false"]) {
        const path = `/collections/things/points?wait=${wait}&write_consistency=${level}`;
        const write = await ask("PUT", path, body);
        assert.deepEqual([write.statusCode, level], [statusCode, level]);
        assert.match(write.error ?? "", /in query parameters: \[?write_consistency: /);
        assert.match(write.error ?? "", message);
      }
    }
    assert.equal(written.length, writtenBefore);
  });

  it("answer 202 and say so where a write is durable and its quorum was missed", async () => {
    const { ask } = await memberApp([2, 3]);
    const write = await ask("PUT", `${UPSERT}&timeout=1&write_consistency=quorum`, body);
    assert.equal(write.statusCode, 202);
    assert.equal((write.json.result as { status?: string }).status, "wait_timeout");
    assert.equal(write.headers[murmurHeaders.consistency], "quorum-missed; agreed=1; needed=2; members=3");
    const made = await ask("PUT", "/collections/more?timeout=1&write_consistency=all", {
      vectors: { size: 1, distance: "Dot" },
    });
    assert.deepEqual([made.statusCode, made.json.result], [202, true]);
    const unasked = await ask("PUT", UPSERT, body);
    assert.deepEqual([unasked.statusCode, unasked.headers[murmurHeaders.consistency]], [200, undefined]);
    const strong = await ask("PUT", `${UPSERT}&ordering=strong`, body);
    assert.equal(strong.statusCode, 200, "ordering asks no members");
  });

  it("answer 503 where a read missed its quorum", async () => {
    const { ask } = await memberApp([2, 3]);
    const { statusCode, error } = await ask("POST", `${SCROLL}?timeout=1&consistency=majority`, {});
    assert.equal(statusCode, 503);
    assert.match(error ?? "", /consistency: 1 of 3 members agreed within 1 s, 2 are asked for/);
  });
});

describe("frontier and digest of an answer", () => {
  it("come when they are asked for", async () => {
    const { ask, database } = await filledApp();
    const { headers } = await ask("POST", SCROLL, {}, { ...header("frontier", "1"), ...header("digest", "1") });
    const { replicaId } = database.status();
    assert.match(String(headers[murmurHeaders.frontier]), new RegExp(`^${replicaId}:\\d+$`));
    assert.match(String(headers[murmurHeaders.digest]), /^points=[0-9a-f]{32}; graph=[0-9a-f]{32}$/);
  });

  it("are of one moment, or the digest is not given", async () => {
    const { ask, database } = await filledApp();
    const digest = database.digest.bind(database);
    database.digest = async (name) => {
      const earlier = await digest(name);
      const point = { id: 8, vectors: { "": Float32Array.of(1, 2, 3, 4) }, payload: {} };
      await database.write({ kind: "upsert-points", collection: name, mode: "upsert", points: [point] });
      return earlier;
    };
    const { headers } = await ask("POST", SCROLL, {}, header("digest", "1"));
    assert.equal(headers[murmurHeaders.digest], "moved-on");
  });
});
