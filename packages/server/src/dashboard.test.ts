import assert from "node:assert/strict";
import { test } from "node:test";
import Fastify from "fastify";
import { Guard } from "./access/guard.js";
import { serveDashboard } from "./dashboard.js";
import { testApp } from "./testing/test-app.js";
import { testKeys } from "./testing/tokens.js";

test("the dashboard's files are open where keys are asked for, and a choice", async () => {
  const { app } = await testApp({ guard: new Guard(testKeys) });
  const index = await app.inject("/dashboard/");
  assert.equal(index.statusCode, 200);
  assert.match(index.headers["content-security-policy"] as string, /^default-src 'none'; /);
  assert.equal((await app.inject("/dashboard/data.json")).statusCode, 401);

  const without = await testApp({ dashboard: false });
  assert.equal((await without.app.inject("/dashboard/")).statusCode, 404);
});

test("a server whose dashboard is not built says so, and how it is", async () => {
  const app = Fastify();
  await serveDashboard(app, undefined);
  const { statusCode, body } = await app.inject("/dashboard");
  assert.equal(statusCode, 503);
  assert.match(body, /not built here: npm run build/);
});
