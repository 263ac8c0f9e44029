import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

interface Info {
  readonly status: string;
  readonly points_count: number;
  readonly payload_schema: unknown;
  readonly config: { readonly [name: string]: { readonly [name: string]: unknown } };
}

describe("aliases", () => {
  it("are created, renamed, listed and deleted, and name a collection in paths", async () => {
    const { ask } = await filledApp();
    const change = async (...actions: unknown[]) =>
      (await ask("POST", "/collections/aliases", { actions })).json.result;
    assert.equal(await change({ create_alias: { collection_name: "things", alias_name: "stuff" } }), true);
    assert.equal(((await ask("GET", "/collections/stuff")).json.result as Info).points_count, 3);
    assert.equal(await change({ rename_alias: { old_alias_name: "stuff", new_alias_name: "items" } }), true);
    const expected = { aliases: [{ alias_name: "items", collection_name: "things" }] };
    assert.deepEqual((await ask("GET", "/aliases")).json.result, expected);
    assert.deepEqual((await ask("GET", "/collections/things/aliases")).json.result, expected);
    assert.deepEqual((await ask("GET", "/collections/named/aliases")).json.result, { aliases: [] });
    assert.equal(await change({ delete_alias: { alias_name: "items" } }), true);
    assert.deepEqual((await ask("GET", "/aliases")).json.result, { aliases: [] });
  });

  it("refuses unknown actions, missing names and bad names", async () => {
    const { ask } = await filledApp();
    const first = await ask("POST", "/collections/aliases", { actions: [{ invent_alias: {} }] });
    assert.equal(first.statusCode, 400);
    assert.match(first.error ?? "", /actions\[0\]/);
    const second = await ask("POST", "/collections/aliases", {
      actions: [{ delete_alias: { alias_name: "a" } }, { create_alias: { alias_name: "a" } }],
    });
    assert.match(
      second.error ?? "",
      /^Format error in JSON body: actions\[1\]\.create_alias\.collection_name: missing field/,
    );
    const bad = await ask("POST", "/collections/aliases", {
      actions: [{ create_alias: { collection_name: "things", alias_name: "a/b" } }],
    });
    assert.equal(bad.statusCode, 422);
    assert.equal((await ask("POST", "/collections/aliases", {})).statusCode, 400);
  });
});
