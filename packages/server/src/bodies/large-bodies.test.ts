import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyBytesReadHere } from "../http/http-limits.js";
import { filledApp } from "../testing/test-app.js";

/** Where JSON may have space, it may have much. */
const padding = " ".repeat(bodyBytesReadHere);

/** Upkeep takes ids of operations when it has the time. */
const untimed = (text: string) =>
  text.replace(/,"time":[\d.]+\}$/, "").replace(/"operation_id":\d+/, '"operation_id":0');

const bodies: readonly (readonly ["POST" | "PUT" | "PATCH" | "DELETE", string, string])[] = [
  [
    "PUT",
    "/collections/things/points?wait=true",
    `{"points":[{"id":9,"vector":[1,2,3,4],"payload":{"n":9007199254740993}}]}`,
  ],
  ["PUT", "/collections/things/points", `{"points":[{"id":9,"vector":[1,2,3,4]},{"id":10,"vector":[1,2]}]}`],
  ["PUT", "/collections/things/points", `{"points":[{"id":9,"vector":[1,2]}]}`],
  ["PUT", "/collections/things/points", `{"points":[]}`],
  ["PUT", "/collections/things/points", `{"points":[{"id":-1,"vector":[1]}]}`],
  ["PUT", "/collections/things/points", `{"points":[{"id":1,"vector":[1,"a"]}]}`],
  ["PUT", "/collections/things/points", `{"points":[{"id":1,"vector":[]}]}`],
  ["PUT", "/collections/things/points?wait=maybe", `{"points":5}`],
  ["PUT", "/collections/nothing/points", `{"points":[{"id":1,"vector":[1]}]}`],
  ["PUT", "/collections/things/points", `{"points":[{"payload":{"__proto__":1}}]}`],
  ["PUT", "/collections/things/points", `{"points":[{"payload":{"a":"\\ud800"}}]}`],
  ["PUT", "/collections/things/points/vectors", `{"points":[{"id":1,"vector":[4,3,2,1]}]}`],
  ["POST", "/collections/things/points", `{"ids":[1,2,2],"with_vector":true}`],
  ["POST", "/collections/things/points/query", `{"query":[1,2,3,4],"limit":2,"with_payload":true}`],
  ["POST", "/collections/things/points/query/batch", `{"searches":[{"query":[1,2,3,4]},{"query":1}]}`],
  ["POST", "/collections/things/points/scroll", `{"filter":{"must":[{"key":"city","match":{"any":["Berlin"]}}]}}`],
  ["POST", "/collections/things/points/scroll", `{"filter":{"must":[{"key":"city"}]}}`],
  ["POST", "/collections/things/points/count", `{"exact":7}`],
  ["POST", "/collections/things/points/payload/delete?wait=true", `{"keys":["city"],"points":[2]}`],
  ["POST", "/collections/things/points/delete?wait=true", `{"points":[2,2,77]}`],
  ["POST", "/collections/things/points/delete", `{}`],
  ["PATCH", "/collections/things", `{"hnsw_config":{"m":8}}`],
  ["POST", "/no/such/path", `{"a":`],
  ["DELETE", "/collections/things/points", `[]`],
];

describe("a large body", () => {
  it("is answered as the same body is without its spaces: results, refusals and what they name", async () => {
    const [small, large] = [await filledApp(), await filledApp()];
    for (const [method, url, text] of bodies) {
      const expected = await small.ask(method, url, text);
      const actual = await large.ask(method, url, text + padding);
      assert.deepEqual([actual.statusCode, untimed(actual.text)], [expected.statusCode, untimed(expected.text)], text);
    }
    const pages = [small, large].map((app) =>
      app.ask("POST", "/collections/things/points/scroll", { with_vector: true }),
    );
    const [first, second] = (await Promise.all(pages)).map(({ text }) => untimed(text));
    assert.equal(second, first);
    await Promise.all([small.app.close(), large.app.close()]);
  });

  it("is read while this thread turns to others", async () => {
    const { app, ask } = await filledApp();
    const ids = Array.from({ length: 400_000 }, (_, i) => i);
    const text = JSON.stringify({ ids });
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    turn();
    const { statusCode } = await ask("POST", "/collections/things/points", text);
    isDone = true;
    assert.equal(statusCode, 200);
    // read here, it has the turns in which it arrives, and one for all the rest
    assert.ok(turns > 300, `${turns} turns`);
    await app.close();
  });
});
