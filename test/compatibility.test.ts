import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startE2eServer } from "./e2e/e2e-server.js";

const { request } = await startE2eServer();
const page = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8");
const c = "/collections/{collection_name}";

/** `GET c/exists` is a route of the page, `PUT /quotas` another one. */
function routesOf(text: string): readonly string[] {
  return [...text.matchAll(/`(GET|PUT|POST|PATCH|DELETE) (c|c\/[^` ]*|\/[^` ]*)`/g)].map(([, method, path]) => {
    const whole = path === "c" || path?.startsWith("c/") === true ? `${c}${path.slice(1)}` : path;
    return `${method} ${whole}`;
  });
}

test("the page of compatibility names every route of the OpenAPI document once, and no other", async () => {
  const { text } = await request("GET", "/openapi.json");
  const { paths } = JSON.parse(text) as { paths: { [path: string]: { [method: string]: object } } };
  const served = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const table = page.slice(page.indexOf("## Routes"), page.indexOf("## Collections"));
  assert.deepEqual([...routesOf(table)].sort(), served.sort());
});
