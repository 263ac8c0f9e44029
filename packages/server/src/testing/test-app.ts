import { after } from "node:test";
import type { FastifyInstance } from "fastify";
import { type AppOptions, buildApp } from "../app.js";
import { changesOfLog } from "../changes/changes-link.js";
import { type MemoryDatabase, type MemoryDatabaseOptions, openMemoryDatabase } from "./memory-database.js";

export interface Answer {
  readonly statusCode: number;
  readonly text: string;
  readonly headers: { readonly [name: string]: unknown };
  /** The parsed text; empty when it is not JSON. */
  readonly json: { readonly result?: unknown; readonly status?: unknown; readonly time?: unknown };
  /** `status.error` */
  readonly error: string | undefined;
}

/** An app on a database in memory, asked without a socket; both are closed at the end of the test that made it. */
export interface TestApp extends MemoryDatabase {
  readonly app: FastifyInstance;
  /** `body` as text is sent as it is. */
  ask(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

function parsed(text: string): Answer["json"] {
  try {
    return JSON.parse(text) as Answer["json"];
  } catch {
    return {};
  }
}

export async function testApp(options: AppOptions = {}, of: MemoryDatabaseOptions = {}): Promise<TestApp> {
  const logger = options.log;
  const opened = await openMemoryDatabase({ ...(logger === undefined ? {} : { logger }), ...of });
  const app = await buildApp(opened.database, { changes: { open: changesOfLog(opened.log) }, ...options });
  after(async () => {
    await app.close();
    await opened.database.close();
  });
  return {
    app,
    ...opened,
    async ask(method, url, body, headers = {}) {
      const payload = body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) };
      const type = body === undefined ? {} : { "content-type": "application/json" };
      const response = await app.inject({ method, url, headers: { ...type, ...headers }, ...payload });
      const json = parsed(response.body);
      const { status } = json;
      const error =
        typeof status === "object" && status !== null && "error" in status ? String(status.error) : undefined;
      return { statusCode: response.statusCode, text: response.body, headers: response.headers, json, error };
    },
  };
}

/** A collection `things` of unnamed four-dimensional vectors with three points, and `named` with vectors `image` and `text`. */
export async function filledApp(options: AppOptions = {}, of: MemoryDatabaseOptions = {}): Promise<TestApp> {
  const test = await testApp(options, of);
  await fill(test);
  return test;
}

/** Makes the collections of `filledApp`. */
export async function fill(test: Pick<TestApp, "ask">): Promise<void> {
  await test.ask("PUT", "/collections/things", { vectors: { size: 4, distance: "Dot" } });
  await test.ask("PUT", "/collections/things/points?wait=true", {
    points: [
      { id: 1, vector: [0.05, 0.61, 0.76, 0.74], payload: { city: "Berlin", count: 3 } },
      { id: 2, vector: [0.19, 0.81, 0.75, 0.11], payload: { city: "London", count: 1 } },
      { id: 3, vector: [0.36, 0.55, 0.47, 0.94], payload: { city: ["Berlin", "Moscow"], count: 2 } },
    ],
  });
  await test.ask("PUT", "/collections/named", {
    vectors: { image: { size: 2, distance: "Euclid" }, text: { size: 3, distance: "Cosine" } },
  });
  await test.ask("PUT", "/collections/named/points", {
    points: [
      { id: 1, vector: { image: [1, 2], text: [3, 0, 4] } },
      { id: 2, vector: { image: [1, 3] } },
    ],
  });
}
