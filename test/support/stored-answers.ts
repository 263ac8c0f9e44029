import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ServerProcess } from "./server.js";

// What a server answered once, byte by byte: 64-bit integers and awkward text are part of it.

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** A later version may add fields to the answer; default: the answer is the same to the byte. */
  readonly mayGrow: boolean;
}

export interface StoredAnswer extends Question {
  /** What stands under `result`, as it is printed. */
  readonly result: string;
}

const REST_POLL_MS = 20;
const REST_DEADLINE_MS = 120_000;

/** Asks every question, in order. */
export async function answersOf(server: ServerProcess, questions: Iterable<Question>): Promise<StoredAnswer[]> {
  const answers: StoredAnswer[] = [];
  for (const question of questions) {
    const { method, path, body } = question;
    const sent =
      body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${server.address}${path}`, { method, ...sent });
    const text = await response.text();
    assert.equal(response.status, 200, `${method} ${path}: ${text}`);
    const result = /^\{"result":(.*),"status":"ok","time":[^,}]+\}$/s.exec(text)?.[1];
    assert.ok(result !== undefined, `${method} ${path}: ${text}`);
    answers.push({ ...question, result });
  }
  return answers;
}

/** Asserts that a server answers as is stored, but for fields that have come since. */
export async function assertAnswers(server: ServerProcess, stored: readonly StoredAnswer[]): Promise<void> {
  const now = await answersOf(
    server,
    stored.map(({ result: _, ...question }) => question),
  );
  for (const [i, { result, mayGrow, path, body }] of stored.entries()) {
    const found = now[i]?.result as string;
    const what = `${path} ${JSON.stringify(body)}`;
    if (mayGrow) assert.partialDeepStrictEqual(JSON.parse(found), JSON.parse(result), what);
    else assert.equal(found, result, what);
  }
}

/** Waits until upkeep has nothing left to do: nothing is written to the log from then on. */
export async function atRest(server: ServerProcess): Promise<void> {
  for (const endMs = performance.now() + REST_DEADLINE_MS; ; await delay(REST_POLL_MS)) {
    const { body } = await server.request("GET", "/murmur/replication");
    const { upkeep } = body.result as { readonly upkeep: { readonly at_rest: boolean } };
    if (upkeep.at_rest) return;
    assert.ok(performance.now() < endMs, "upkeep comes to rest");
  }
}
