import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Answer, startE2eServer } from "./e2e-server.js";

const POINTS = 20_000;
const BATCH = 1_000;

const { request } = await startE2eServer();
const post = (path: string, body: unknown): Promise<Answer> => request("POST", `/collections/c/points${path}`, body);
const many = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));

before(async () => {
  await request("PUT", "/collections/c", { vectors: { size: 2, distance: "Dot" } });
  for (let from = 0; from < POINTS; from += BATCH) {
    const points = many(BATCH, (i) => ({
      id: from + i,
      vector: [Math.sin(from + i), 2],
      payload: { n: i, s: `v${i}`, list: many(5, (j) => ({ x: i * j, y: `y${j}` })), text: "some text of some length" },
    }));
    assert.equal((await request("PUT", "/collections/c/points?wait=true", { points })).status, 200);
  }
});

interface Beside {
  readonly answer: Answer;
  readonly tookMs: number;
  /** Rounds of small requests that were answered meanwhile. */
  readonly rounds: number;
  readonly longestMs: number;
}

/** Ask something heavy, and small things beside it, one after the other, until it is answered. */
async function beside(heavy: () => Promise<Answer>): Promise<Beside> {
  let isDone = false;
  let rounds = 0;
  let longestMs = 0;
  const began = performance.now();
  const asked = heavy().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const roundBegan = performance.now();
    const [health, found, written] = await Promise.all([
      request("GET", "/healthz"),
      post("/query", { query: [1, 0], limit: 3 }),
      request("PUT", "/collections/c/points?wait=true", { points: [{ id: POINTS, vector: [0, 0.001] }] }),
    ]);
    assert.deepEqual([health.status, found.status, written.status], [200, 200, 200]);
    longestMs = Math.max(longestMs, performance.now() - roundBegan);
    rounds++;
  }
  return { answer: await asked, tookMs: performance.now() - began, rounds, longestMs };
}

/** Small requests are answered all the while: none of them waits for a good part of the heavy one. */
function assertNobodyWaited({ tookMs, rounds, longestMs }: Beside): void {
  const numbers = `${rounds} rounds in ${Math.round(tookMs)} ms, the longest of ${Math.round(longestMs)} ms`;
  assert.ok(longestMs < Math.max(1_000, tookMs / 4), numbers);
  assert.ok(rounds >= Math.min(20, tookMs / 200), numbers);
}

const differentKeys = { should: many(4_000, (i) => ({ key: `k${i}`, range: { gt: i } })) };
const nestedFilter = {
  must_not: many(1_300, (i) => ({
    nested: {
      key: "list",
      filter: {
        must: [
          { key: "x", range: { lt: -i } },
          { key: `y${i}`, match: { value: "no" } },
        ],
      },
    },
  })),
};
const withPayload = many(200, () => ({ query: [1, 0], limit: 10_000, with_payload: true }));

const heavyReads: { readonly [name: string]: () => Promise<Answer> } = {
  "4,000 values of one key": () =>
    post("/count", { filter: { should: many(4_000, (i) => ({ key: "s", match: { value: `w${i}` } })) } }),
  "4,000 conditions on as many keys": () => post("/count", { filter: differentKeys }),
  "1,300 nested filters": () => post("/count", { filter: nestedFilter }),
  "2,000 queries in a batch": () =>
    post("/query/batch", { searches: many(2_000, (i) => ({ query: [Math.cos(i), 1], limit: 100 })) }),
  "200 queries for 10,000 points with payload": () => post("/query/batch", { searches: withPayload }),
  "a page with 5,000 paths": () =>
    post("/scroll", { limit: 10_000, with_payload: { include: many(5_000, (i) => `a${i}.b[].c`) } }),
  "all points in the order of their distance": () =>
    post("/query", { query: [1, 0], limit: 1_000_000, with_payload: true, with_vector: true }),
};

for (const [name, heavy] of Object.entries(heavyReads)) {
  test(`small requests are answered beside ${name}`, async () => {
    const outcome = await beside(heavy);
    // 408: this machine is too slow for the default time
    const refused = outcome.answer.status === 400 && /larger than 256 MiB/.test(outcome.answer.text);
    assert.ok([200, 408].includes(outcome.answer.status) || refused, outcome.answer.text.slice(0, 200));
    assertNobodyWaited(outcome);
  });
}

test("a read ends when its time is over", async () => {
  for (const [path, body] of [
    ["/count", { filter: differentKeys }],
    ["/scroll", { filter: nestedFilter }],
    ["/query", { query: [1, 0], filter: nestedFilter }],
    ["/query/batch", { searches: many(50, () => ({ query: [1, 0], filter: nestedFilter, limit: 10_000 })) }],
  ] as const) {
    const outcome = await beside(() => post(`${path}?timeout=1`, body));
    assert.equal(outcome.answer.status, 408, `${path}: ${outcome.answer.text.slice(0, 200)}`);
    assert.match(outcome.answer.text, /"error":"Timeout: the request was not done within 1 seconds"/);
    assertNobodyWaited(outcome);
  }
});
