import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routes } from "./routes/mod.js";
import { testApp } from "./testing/test-app.js";

describe("the OpenAPI document", () => {
  it("lists every route that is registered", async () => {
    // the files of the dashboard are no interface of programs
    const { app, ask } = await testApp({ dashboard: false });
    const { openapi, paths } = (await ask("GET", "/openapi.json")).json as {
      openapi?: string;
      paths?: Record<string, Record<string, unknown>>;
    };
    assert.equal(openapi, "3.1.0");
    const missing: string[] = [];
    let registered = 0;
    for (const [path, operations] of Object.entries(paths ?? {})) {
      for (const method of Object.keys(operations)) {
        registered++;
        const url = path.replace(/\{(\w+)\}/g, ":$1");
        if (!app.hasRoute({ method: method.toUpperCase() as "GET", url })) missing.push(`${method} ${path}`);
      }
    }
    assert.deepEqual(missing, []);
    // The document itself, the metrics and the telemetry are beyond the list.
    assert.equal(registered, routes.length + 3);
    // Each line of the printed tree that ends a path names its methods; none may be unknown to the document.
    const printed = app.printRoutes({ commonPrefix: false, includeMeta: false });
    const methods = [...printed.matchAll(/\(([A-Z, ]+)\)/g)].flatMap((match) => (match[1] as string).split(", "));
    const own = methods.filter((method) => method !== "HEAD" && method !== "OPTIONS");
    assert.equal(own.length, registered);
  });

  it("shows what requests can ask of consistency", async () => {
    const { ask } = await testApp();
    const document = (await ask("GET", "/openapi.json")).json as unknown as {
      paths: Record<string, Record<string, { parameters: { name: string; in: string }[]; responses: object }>>;
    };
    const namesAt = (path: string, method: string) =>
      document.paths[path]?.[method]?.parameters.map((one) => `${one.in} ${one.name}`) ?? [];
    const search = namesAt("/collections/{collection_name}/points/query", "post");
    for (const name of ["query consistency", "query timeout", "header x-murmur-token", "header x-murmur-digest"]) {
      assert.ok(search.includes(name), name);
    }
    const upsert = namesAt("/collections/{collection_name}/points", "put");
    for (const name of ["query write_consistency", "query ordering", "header x-murmur-token"]) {
      assert.ok(upsert.includes(name), name);
    }
    assert.ok("202" in (document.paths["/collections/{collection_name}/points"]?.put?.responses ?? {}));
  });

  it("describes bodies with the fields that are checked", async () => {
    const { ask } = await testApp();
    const document = (await ask("GET", "/openapi.json")).json as unknown as {
      paths: Record<
        string,
        Record<
          string,
          {
            requestBody: {
              content: Record<string, { schema: { properties: Record<string, unknown>; required: string[] } }>;
            };
          }
        >
      >;
    };
    const schema =
      document.paths["/collections/{collection_name}/points/search"]?.post?.requestBody.content["application/json"]
        ?.schema;
    assert.deepEqual(schema?.required, ["vector", "limit"]);
    assert.ok(Object.keys(schema?.properties ?? {}).includes("score_threshold"));
  });
});
