import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeToken } from "@murmuration/core";
import fc from "fast-check";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { type TestApp, testApp } from "../testing/test-app.js";

const things = "/collections/things";

async function listening(distance: string, vectors?: object): Promise<TestApp & { readonly url: string }> {
  const test = await testApp();
  const url = await test.app.listen({ port: 0, host: "127.0.0.1" });
  const made = await test.ask("PUT", things, { vectors: { size: 2, distance }, ...vectors });
  assert.equal(made.statusCode, 200, made.text);
  return { ...test, url: `${url}/murmur/collections/things/live` };
}

const live = (url: string, body: object, headers: Record<string, string> = {}) =>
  EventReader.open(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

type Data = { readonly [name: string]: unknown };
const dataOf = (event: ServerEvent | undefined) => JSON.parse((event as ServerEvent).data) as Data;

/** What the query answers now, exactly. */
async function answerNow(test: TestApp, body: object): Promise<{ id: number; score: number; version: number }[]> {
  const { json } = await test.ask("POST", `${things}/points/query`, { ...body, params: { exact: true } });
  return (json.result as { points: { id: number; score: number; version: number }[] }).points;
}

describe("a live query", () => {
  for (const distance of ["Dot", "Euclid"]) {
    it(`is at each write what the query answers by ${distance}, and says what came, went and moved, and by which operations`, async () => {
      const test = await listening(distance);
      const body = {
        query: [1, 0.5],
        limit: 3,
        filter: { must_not: [{ key: "hidden", match: { value: true } }] },
        with_payload: true,
      };
      const reader = await live(test.url, body);
      const first = dataOf(await reader.next());
      assert.deepEqual(first["result"], []);
      let told = await answerNow(test, body);
      const write = fc.oneof(
        fc.record({ kind: fc.constant("upsert" as const), id: fc.nat(7), at: fc.integer({ min: -3, max: 3 }) }),
        fc.record({ kind: fc.constant("hide" as const), id: fc.nat(7), at: fc.integer({ min: 0, max: 1 }) }),
        fc.record({ kind: fc.constant("delete" as const), id: fc.nat(7), at: fc.constant(0) }),
      );
      const [writes] = fc.sample(fc.array(write, { minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 5 });
      let changes = 0;
      for (const { kind, id, at } of writes ?? []) {
        const done =
          kind === "upsert"
            ? await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [at, 1] }] })
            : kind === "hide"
              ? await test.ask("POST", `${things}/points/payload?wait=true`, {
                  payload: { hidden: at === 1 },
                  points: [id],
                })
              : await test.ask("POST", `${things}/points/delete?wait=true`, { points: [id] });
        const now = await answerNow(test, body);
        const bare = (list: typeof now) => list.map(({ id: of, score }) => ({ id: of, score }));
        if (JSON.stringify(now) === JSON.stringify(told)) continue;
        if (done.statusCode === 404) continue;
        // one event, since nothing is written meanwhile
        const change = dataOf(await reader.next());
        changes += 1;
        assert.deepEqual(
          change["ids"],
          now.map(({ id: of }) => of),
        );
        const operations = change["operations"] as { kind: string; ids: number[] }[];
        assert.ok(
          operations.some(({ ids }) => ids.includes(id)),
          JSON.stringify(change),
        );
        const moved = change["moved"] as { id: number; to: number; score: number }[];
        for (const one of moved) assert.equal(one.score, bare(now)[one.to]?.score);
        told = now;
      }
      assert.ok(changes >= 15, `${changes} changes`);
      assert.equal(test.app.hasDecorator("listeners"), true);
      reader.close();
    });
  }

  it("is exact as of its token, however much is written at once", async () => {
    const test = await listening("Dot");
    const { id: shard } = test.database.collection("things");
    const limit = 4;
    const reader = await live(test.url, { query: [1, 2], limit });
    const log = await EventReader.open(`${test.url.replace(/live$/, "changes")}?with_vector=true`);
    await Promise.all([reader.next(), log.next()]);
    const writes = fc.sample(
      fc.record({ id: fc.nat(11), x: fc.integer({ min: -2, max: 3 }), isDelete: fc.nat(3).map((n) => n === 0) }),
      { numRuns: 160, seed: 7 },
    );
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (const [i, { id, x, isDelete }] of writes.entries()) {
        if (i % 8 !== lane) continue;
        if (isDelete) await test.ask("POST", `${things}/points/delete?wait=true`, { points: [id] });
        else await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [x, 1] }] });
      }
    });
    await Promise.all(lanes);
    await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id: 99, vector: [100, 1] }] });
    const changes = await reader.until((event) => (dataOf(event)["ids"] as number[]).includes(99));
    const operations = (await log.until((event) => dataOf(event)["id"] === 99)).map(dataOf);
    /** What the operations up to this one come to. */
    const topAt = (last: number) => {
      const points = new Map<number, { score: number; sequence: number }>();
      for (const { dot, kind, id, ids, vector, kept } of operations) {
        const sequence = Number(String(dot).split(":")[1]);
        if (sequence > last) break;
        if (kind === "delete") for (const one of ids as number[]) points.delete(one);
        // the same vector again is the same version
        else if ((kept as string[]).length === 0) {
          const [x, y] = vector as [number, number];
          points.set(id as number, { score: x + 2 * y, sequence });
        }
      }
      const best = [...points].sort(([, a], [, b]) => b.score - a.score || a.sequence - b.sequence);
      return best.slice(0, limit).map(([id]) => id);
    };
    let before: number[] = [];
    let coalesced = 0;
    for (const event of changes) {
      const { token, ids, coalesced: several } = dataOf(event) as { token: string; ids: number[]; coalesced: number };
      const frontier = decodeToken(token.slice(token.indexOf(".") + 1), "token").get(shard) ?? new Map();
      const [[, last] = [0, 0]] = frontier as Map<number, number>;
      assert.deepEqual(ids, topAt(last), event.data);
      assert.notDeepEqual(ids, before);
      before = ids;
      coalesced = Math.max(coalesced, several);
    }
    assert.ok(coalesced > 1, "several were told of together");
    reader.close();
    log.close();
  });

  it("is evaluated anew where a place hangs on other points", async () => {
    const test = await listening("Cosine", { sparse_vectors: { words: { modifier: "idf" } } });
    await test.ask("PUT", `${things}/points?wait=true`, {
      points: [
        { id: 1, vector: { "": [1, 0], words: { indices: [1], values: [1] } } },
        { id: 2, vector: { "": [0, 1], words: { indices: [2], values: [1] } } },
      ],
    });
    const body = { query: { indices: [1, 2], values: [1, 1.1] }, using: "words", limit: 2 };
    const reader = await live(test.url, body);
    const first = dataOf(await reader.next());
    assert.deepEqual(
      (first["result"] as { id: number }[]).map(({ id }) => id),
      [2, 1],
    );
    // the third one makes the index of the second common
    await test.ask("PUT", `${things}/points?wait=true`, {
      points: [3, 4, 5].map((id) => ({ id, vector: { "": [1, 1], words: { indices: [2], values: [0.01] } } })),
    });
    const change = dataOf(await reader.next());
    assert.deepEqual(
      change["ids"],
      (await answerNow(test, body)).map(({ id }) => id),
    );
    assert.equal(change["operations_total"], 3);
    reader.close();
  });

  it("follows the point that it looks like", async () => {
    const test = await listening("Dot");
    const points = [
      { id: 1, vector: [1, 0] },
      { id: 2, vector: [2, 0] },
      { id: 3, vector: [0, 2] },
    ];
    await test.ask("PUT", `${things}/points?wait=true`, { points });
    const reader = await live(test.url, { query: 1, limit: 1 });
    assert.equal((dataOf(await reader.next())["result"] as { id: number }[])[0]?.id, 2);
    await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id: 1, vector: [0, 1] }] });
    assert.deepEqual(dataOf(await reader.next())["ids"], [3]);
    // and ends when that is gone
    await test.ask("POST", `${things}/points/delete?wait=true`, { points: [1] });
    const end = await reader.next();
    assert.equal(end?.event, "end");
    assert.equal(dataOf(end)["reason"], "failed");
  });

  it("ends where its answer is larger than what may wait for one client, and says what to ask for", async () => {
    const test = await listening("Dot");
    const put = (id: number) =>
      test.ask("PUT", `${things}/points?wait=true`, {
        points: [{ id, vector: [id, 1], payload: { text: "x".repeat(3 * 1024 * 1024) } }],
      });
    await put(1);
    await put(2);
    const reader = await live(test.url, { query: [1, 0], limit: 5, with_payload: true });
    const slim = await live(test.url, { query: [1, 0], limit: 5 });
    assert.equal((dataOf(await reader.next())["result"] as unknown[]).length, 2);
    assert.equal((dataOf(await slim.next())["result"] as unknown[]).length, 2);
    await put(3);
    const end = await reader.next();
    assert.equal(end?.event, "end");
    const { reason, message } = dataOf(end);
    assert.equal(reason, "failed");
    assert.match(String(message), /^limit: the answer is larger than 8 MiB.*--stream-buffer-mib.*fewer points/);
    assert.deepEqual(dataOf(await slim.next())["ids"], [3, 2, 1]);
    slim.close();
  });

  it("refuses what cannot be kept true, and what the query's route refuses", async () => {
    const test = await listening("Dot");
    const refusal = async (body: object) => {
      const { status, refusal: text } = await live(test.url, body);
      return `${status} ${JSON.parse(text).status.error}`;
    };
    assert.equal(await refusal({ query: [1, 0], offset: 1 }), "400 Bad request: offset: a live query has no offset");
    assert.match(
      await refusal({ query: [1, 0], limit: 5_000 }),
      /^400 Bad request: limit: a live query has 1000 points/,
    );
    assert.match(await refusal({ query: { sample: "random" } }), /^400 Bad request: query: a sample is another one/);
    assert.match(
      await refusal({ query: 1, lookup_from: { collection: "things" } }),
      /^400 Bad request: lookup_from: a live query looks up points in its own collection alone$/,
    );
    assert.match(await refusal({ query: [1, 0, 0] }), /^400 Wrong input: Vector dimension error/);
    assert.match(await refusal({ query: [1, 0], limit: "many" }), /^400 Format error in JSON body/);
    // it compares all points, whatever the query says
    await test.ask("PATCH", things, { strict_mode_config: { enabled: true, search_allow_exact: false } });
    assert.match(await refusal({ query: [1, 0] }), /Exact search disabled!/);
  });
});
