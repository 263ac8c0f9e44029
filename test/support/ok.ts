import assert from "node:assert/strict";
import type { Answer } from "./server.js";

/** Whoever can be asked: a server of its own process, or that of the end-to-end tests. */
export interface Asked {
  request(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** What a request comes to, which has to be answered with 200. */
export async function ok(server: Asked, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await server.request(method, path, body);
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body.result;
}
