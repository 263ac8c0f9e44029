import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

interface Info {
  readonly status: string;
  readonly points_count: number;
  readonly payload_schema: unknown;
  readonly config: { readonly [name: string]: { readonly [name: string]: unknown } };
}

describe("payload indexes", () => {
  it("are created from a name or an object, shown, and dropped", async () => {
    const { ask } = await filledApp();
    const put = (body: unknown) => ask("PUT", "/collections/things/index?wait=true", body);
    assert.deepEqual((await put({ field_name: "city", field_schema: "keyword" })).json.result, {
      operation_id: 3,
      status: "completed",
    });
    await put({ field_name: "count", field_schema: { type: "integer", lookup: false, range: true, on_disk: true } });
    const { payload_schema: schema } = (await ask("GET", "/collections/things")).json.result as Info;
    assert.deepEqual(schema, {
      city: { data_type: "keyword", points: 3 },
      count: {
        data_type: "integer",
        params: { type: "integer", lookup: false, range: true, on_disk: true },
        points: 3,
      },
    });
    assert.equal((await ask("DELETE", "/collections/things/index/city")).statusCode, 200);
    assert.deepEqual(
      Object.keys(((await ask("GET", "/collections/things")).json.result as { payload_schema: object }).payload_schema),
      ["count"],
    );
  });

  it("refuse kinds that are not served and parameters that make no sense", async () => {
    const { ask } = await filledApp();
    const put = async (field_schema: unknown) => {
      const { statusCode, error } = await ask("PUT", "/collections/things/index", { field_name: "x", field_schema });
      return [statusCode, error] as const;
    };
    for (const kind of ["geo", "text", "datetime", "uuid"]) {
      for (const schema of [kind, { type: kind }]) {
        const [statusCode, error] = await put(schema);
        assert.equal(statusCode, 400);
        assert.match(error ?? "", /^Bad request: field_schema.*not supported yet/);
      }
    }
    assert.equal((await put("keywords"))[0], 400);
    assert.equal((await put({ type: "keyword", is_tenant: 1 }))[0], 400);
    const [statusCode, error] = await put({ type: "integer", lookup: false, range: false });
    assert.equal(statusCode, 422);
    assert.match(error ?? "", /the 'lookup' and 'range' capabilities can't be both disabled/);
    assert.equal((await ask("PUT", "/collections/things/index", { field_name: "x" })).statusCode, 400);
    assert.equal((await ask("PUT", "/collections/things/index", { field_schema: "keyword" })).statusCode, 400);
  });
});
