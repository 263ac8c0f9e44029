import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, startE2eServer } from "./e2e-server.js";

const POINTS = 20_000;
const BATCH = 1_000;
/** Between an answer to something small and the next: many looks at what is answered, and most of the processor for what is heavy. */
const PAUSE_MS = 25;

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
  /** How many of each small request were answered meanwhile. */
  readonly answered: Readonly<Record<keyof typeof small, number>>;
}

const small = {
  health: () => request("GET", "/healthz"),
  query: () => post("/query", { query: [1, 0], limit: 3 }),
  write: () => request("PUT", "/collections/c/points?wait=true", { points: [{ id: POINTS, vector: [0, 0.001] }] }),
} as const;

/** Ask something heavy, and small things of each kind beside it, one after the other, until it is answered. */
async function beside(heavy: () => Promise<Answer>): Promise<Beside> {
  const answered = { health: 0, query: 0, write: 0 };
  let isDone = false;
  const began = performance.now();
  const asked = heavy().finally(() => {
    isDone = true;
  });
  const ask = async (kind: keyof typeof small): Promise<void> => {
    while (!isDone) {
      assert.equal((await small[kind]()).status, 200);
      if (!isDone) answered[kind]++;
      await delay(PAUSE_MS);
    }
  };
  const [answer] = await Promise.all([asked, ask("health"), ask("query"), ask("write")]);
  return { answer, tookMs: performance.now() - began, answered };
}

/** So many of each are answered beside what holds them up, however long it takes. */
const HELD_UP = 2;
/** In this time a busy machine answers ten times as many. */
const SHOWN_AFTER_MS = 1_000;

/** Small requests are answered all the while. */
function assertNobodyWaited({ tookMs, answered }: Beside): void {
  const numbers = `${JSON.stringify(answered)} in ${Math.round(tookMs)} ms`;
  // a write waits for the disk as well, which may be busy
  const wanted = { health: 600, query: 1_000, write: 5_000 };
  for (const [kind, everyMs] of Object.entries(wanted)) {
    const least = kind !== "write" && tookMs >= SHOWN_AFTER_MS ? HELD_UP + 1 : 0;
    const enough = Math.max(least, Math.floor(tookMs / everyMs) - HELD_UP);
    assert.ok(answered[kind as keyof typeof answered] >= enough, `${kind}: ${numbers}`);
  }
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

/** Whatever is not done by then is long enough to show that nobody waits for it: a thread held up would not see that the time is over. */
const limited = (path: string, body: unknown, seconds = 1): Promise<Answer> => post(`${path}?timeout=${seconds}`, body);
/** Time for what ends soon to be answered as well, which takes a thread too. */
const TO_ITS_END = 3;

const heavyReads: { readonly [name: string]: () => Promise<Answer> } = {
  "4,000 values of one key": () =>
    limited("/count", { filter: { should: many(4_000, (i) => ({ key: "s", match: { value: `w${i}` } })) } }),
  "1,300 nested filters": () => limited("/count", { filter: nestedFilter }),
  "2,000 queries in a batch": () =>
    limited("/query/batch", { searches: many(2_000, (i) => ({ query: [Math.cos(i), 1], limit: 100 })) }, TO_ITS_END),
  "200 queries for 10,000 points with payload": () => limited("/query/batch", { searches: withPayload }),
  "a page with 5,000 paths": () =>
    limited("/scroll", { limit: 10_000, with_payload: { include: many(5_000, (i) => `a${i}.b[].c`) } }, TO_ITS_END),
  "all points in the order of their distance": () =>
    limited("/query", { query: [1, 0], limit: 1_000_000, with_payload: true, with_vector: true }, TO_ITS_END),
};

for (const [name, heavy] of Object.entries(heavyReads)) {
  test(`small requests are answered beside ${name}`, async () => {
    const outcome = await beside(heavy);
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

test("a write whose filter takes too long changes nothing, and no other write waits for it", async () => {
  const { text: before } = await post("/count", {});
  const countIn = (text: string) => /"count":(\d+)/.exec(text)?.[1];
  for (const [path, body] of [
    ["/delete", { filter: nestedFilter }],
    ["/payload", { payload: { n: 1 }, filter: nestedFilter }],
    ["/payload/clear", { filter: nestedFilter }],
  ] as const) {
    const outcome = await beside(() => post(`${path}?wait=true&timeout=1`, body));
    assert.equal(outcome.answer.status, 408, `${path}: ${outcome.answer.text.slice(0, 200)}`);
    assert.match(outcome.answer.text, /Timeout: the filter was not evaluated within 1 seconds: nothing was written/);
    assertNobodyWaited(outcome);
  }
  assert.equal(countIn((await post("/count", {})).text), countIn(before));
  const deleted = await post("/delete?wait=true", { filter: { must: [{ key: "n", range: { gte: 990 } }] } });
  assert.equal(deleted.status, 200);
  assert.equal(countIn((await post("/count", {})).text), String(Number(countIn(before)) - 200));
});
