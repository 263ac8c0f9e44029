import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { filledApp, testApp } from "../testing/test-app.js";

/** Any text that is well-formed; often with what is at the edges of Unicode. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 3 }),
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom(
        "\ufeff",
        "e\u0301",
        "\u00e9",
        "\u0000",
        "%",
        "%41",
        "+",
        "&",
        "=",
        "#",
        "\u{10ffff}",
        "\uffff",
        " ",
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join(""))
  .filter((name) => name !== "" && name.isWellFormed() && name !== "." && name !== "..");

describe("text in a URL", () => {
  it("is kept to the byte in names of collections, whatever it is", async () => {
    const { ask, written } = await testApp();
    const property = fc.asyncProperty(text, async (name) => {
      const path = `/collections/${encodeURIComponent(name)}`;
      const made = await ask("PUT", path, { vectors: { size: 1, distance: "Dot" } });
      if (made.statusCode !== 200) {
        assert.ok([409, 422].includes(made.statusCode), made.text);
        return;
      }
      const command = written.at(-1);
      assert.ok(command?.kind === "create-collection");
      assert.equal(command.name, name);
      assert.deepEqual((await ask("GET", `${path}/exists`)).json.result, { exists: true });
      assert.equal((await ask("DELETE", path)).statusCode, 200);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("is kept to the byte in names of fields and of vectors", async () => {
    const { ask, written } = await filledApp();
    const property = fc.asyncProperty(text, async (name) => {
      const path = `/collections/things/index/${encodeURIComponent(name)}`;
      assert.equal((await ask("DELETE", path)).statusCode, 200);
      const command = written.at(-1);
      assert.ok(command?.kind === "delete-payload-index");
      assert.equal(command.path, name);
      const links = await ask("GET", `/collections/things/points/1/links?vector=${encodeURIComponent(name)}`);
      assert.equal(links.statusCode, 404);
      const ours = await ask("GET", `/murmur/collections/things/points/1/links?vector=${encodeURIComponent(name)}`);
      assert.equal(ours.error, `Wrong input: Not existing vector name error: ${name}`);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("that is not percent-encoded UTF-8 is refused with its place", async () => {
    const { ask, written } = await filledApp();
    const writtenBefore = written.length;
    for (const bad of ["%ff", "%ED%A0%80", "a%C3", "%E0%A4%A", "%", "%zz"]) {
      for (const [method, path] of [
        ["GET", `/collections/${bad}`],
        ["PUT", `/collections/${bad}`],
        ["GET", `/collections/things/points/${bad}`],
        ["DELETE", `/collections/things/index/${bad}`],
        ["DELETE", `/murmur/backups/${bad}`],
      ] as const) {
        const { statusCode, error } = await ask(method, path, method === "PUT" ? {} : undefined);
        assert.equal(statusCode, 400, path);
        assert.equal(error, `Deserialize error in path parameters: "${bad}" is not percent-encoded UTF-8`);
      }
      const links = await ask("GET", `/murmur/collections/things/points/1/links?vector=${bad}`);
      const message = `Deserialize error in query parameters: vector: "${bad}" is not percent-encoded UTF-8`;
      assert.deepEqual([links.statusCode, links.error], [400, message]);
      const named = await ask("GET", `/collections?${bad}=1`);
      assert.equal(named.error, `Deserialize error in query parameters: "${bad}" is not percent-encoded UTF-8`);
    }
    assert.equal(written.length, writtenBefore);
  });
});

describe("a path with repeated slashes", () => {
  it("is the one with single ones", async () => {
    const { ask } = await filledApp();
    for (const path of [
      "//collections/things",
      "/collections//things",
      "///collections///things//",
      "/collections/things//",
    ])
      assert.equal((await ask("GET", path)).statusCode, 200, path);
    assert.deepEqual((await ask("GET", "/collections//things//exists")).json.result, { exists: true });
    assert.equal(
      (await ask("PUT", "/collections//things/index/", { field_name: "f", field_schema: "keyword" })).statusCode,
      200,
    );
  });

  it("is refused where a name between two fixed parts is empty, and is no request to another route", async () => {
    const { ask, written } = await filledApp();
    const writtenBefore = written.length;
    const point = { points: [{ id: 1, vector: [1, 2] }] };
    for (const [method, path, body] of [
      ["PUT", "/collections//index", { field_name: "f", field_schema: "keyword" }],
      ["PUT", "///collections///index//?wait=true", { field_name: "f", field_schema: "keyword" }],
      ["PUT", "/collections//points", point],
      ["POST", "/collections//points", { ids: [1] }],
      ["POST", "/collections//points/delete", { points: [1] }],
      ["DELETE", "/collections//index/f", undefined],
      ["GET", "/collections//exists", undefined],
      ["GET", "/collections//points/1", undefined],
    ] as const) {
      const { statusCode, error } = await ask(method, path, body);
      assert.deepEqual(
        [statusCode, /collection_name: the path has nothing/.test(error ?? "")],
        [422, true],
        `${path} ${error}`,
      );
    }
    assert.equal(written.length, writtenBefore);
    assert.match((await ask("POST", "/murmur/cluster/members//evict")).error ?? "", /id: the path has nothing/);
  });
});

describe("text in a header", () => {
  it("of ours is printable ASCII", async () => {
    const { ask } = await filledApp();
    for (const name of ["x-murmur-token", "x-murmur-forwarded", "x-murmur-frontier", "x-murmur-digest"]) {
      const { statusCode, error } = await ask("GET", "/collections", undefined, { [name]: "\u00e9" });
      assert.equal(statusCode, 400);
      assert.equal(error, `Deserialize error in headers: ${name}: a header holds other than printable ASCII`);
    }
  });
});

describe("messages", () => {
  it("are well-formed though they show a text that is cut", async () => {
    const { ask } = await filledApp();
    const { text: answer } = await ask("POST", "/collections/things/points/scroll", { limit: "🌍".repeat(100) });
    assert.doesNotMatch(answer, /\\ud[89a-f]/i);
    const [long] = ["🌍".repeat(300)];
    assert.doesNotMatch((await ask("GET", `/collections/${encodeURIComponent(long as string)}`)).text, /\\ud[89a-f]/i);
  });
});
