import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

// Plain fetch and plain text: JavaScript's own JSON loses what these tests are about.
const { client, request } = await startE2eServer();
const path = "/collections/big";
const beyond = "9007199254740993";
const largest = "18446744073709551615";
const safest = "9007199254740991";

await request("PUT", path, { vectors: { size: 2, distance: "Dot" } });

async function ask(method: string, route: string, body?: string): Promise<string> {
  const { status, text } = await request(method, `${path}${route}`, body);
  assert.equal(status, 200, text);
  return text;
}

test("ids beyond 2^53 are stored and answered exactly, in the list and in the batch form", async () => {
  await ask("PUT", "/points?wait=true", `{"points":[{"id":${beyond},"vector":[1,0],"payload":{"n":${beyond}}}]}`);
  await ask("PUT", "/points?wait=true", `{"batch":{"ids":[${largest},${safest}],"vectors":[[2,0],[3,0]]}}`);
  assert.match(await ask("GET", `/points/${beyond}`), new RegExp(`"id":${beyond},`));
  assert.match(await ask("GET", `/points/${largest}`), new RegExp(`"id":${largest},`));
  const { status } = await request("GET", `${path}/points/9007199254740992`);
  assert.equal(status, 404, "the neighbour that a double would make of it is another point");
});

test("they are found by retrieve, has_id, query and filters", async () => {
  assert.match(
    await ask("POST", "/points", `{"ids":[${beyond},9007199254740992]}`),
    new RegExp(`\\[\\{"id":${beyond},[^[]*\\]`),
  );
  const filter = `{"must":[{"has_id":[${beyond},${largest}]}]}`;
  assert.match(await ask("POST", "/points/count", `{"filter":${filter}}`), /"count":2\b/);
  const nearest = await ask("POST", "/points/query", `{"query":[1,0],"filter":${filter}}`);
  assert.ok(
    nearest.indexOf(`"id":${largest}`) < nearest.indexOf(`"id":${beyond}`) && nearest.includes(beyond),
    nearest,
  );
  const byId = await ask("POST", "/points/query", `{"query":${beyond}}`);
  assert.ok(byId.includes(`"id":${largest}`) && !byId.includes(`"id":${beyond}`), byId);
});

test("they are offsets of pages, in both directions", async () => {
  const first = await ask("POST", "/points/scroll", '{"limit":1}');
  assert.match(first, new RegExp(`"id":${safest},.*"next_page_offset":${beyond}`));
  const second = await ask("POST", "/points/scroll", `{"limit":1,"offset":${beyond}}`);
  assert.match(second, new RegExp(`"id":${beyond},.*"next_page_offset":${largest}`));
  const third = await ask("POST", "/points/scroll", `{"limit":1,"offset":${largest}}`);
  assert.match(third, new RegExp(`"id":${largest},.*"next_page_offset":null`));
});

test("payload integers beyond 2^53 stay exact and are matched exactly, with and without an index", async () => {
  const set = `{"payload":{"n":-${beyond},"deep":[{"m":9223372036854775807}]},"points":[${largest}]}`;
  await ask("POST", "/points/payload?wait=true", set);
  const record = await ask("GET", `/points/${largest}`);
  assert.ok(record.includes(`"n":-${beyond}`) && record.includes('"m":9223372036854775807'), record);
  const count = async (value: string) =>
    /"count":(\d+)/.exec(
      await ask("POST", "/points/count", `{"filter":{"must":[{"key":"n","match":{"value":${value}}}]}}`),
    )?.[1];
  for (const withIndex of [false, true]) {
    if (withIndex) await ask("PUT", "/index?wait=true", '{"field_name":"n","field_schema":"integer"}');
    assert.equal(await count(beyond), "1");
    assert.equal(await count(`-${beyond}`), "1");
    assert.equal(await count("9007199254740992"), "0");
  }
});

const sendsThem = async () => {
  const id = 2n ** 60n + 1n;
  const asNumber = id as unknown as number;
  await client.upsert("big", { wait: true, points: [{ id: asNumber, vector: [0, 0] }] });
  assert.deepEqual(
    (await client.retrieve("big", { ids: [asNumber] })).map((record) => record.id as unknown),
    [id],
  );
  await client.delete("big", { wait: true, points: [asNumber] });
  assert.deepEqual(await client.retrieve("big", { ids: [asNumber] }), []);
};
// the client sends them by JSON.rawJSON, which Node has from version 21 on; the tests above speak for older ones
if ("rawJSON" in JSON) test("the official client sends and reads them exactly", sendsThem);

test("they are deleted exactly", async () => {
  await ask("PUT", "/points?wait=true", '{"points":[{"id":9007199254740992,"vector":[1,0]}]}');
  await ask("POST", "/points/delete?wait=true", `{"points":[${beyond}]}`);
  assert.match(await ask("GET", "/points/9007199254740992"), /"id":9007199254740992,/);
  assert.equal((await request("GET", `${path}/points/${beyond}`)).status, 404);
});

test("a UUID is one id in all three spellings and comes back hyphenated and lower case", async () => {
  const uuid = "936da01f-9abd-4d9d-80c7-02af85c822a8";
  const spellings = [uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), `urn:uuid:${uuid}`];
  await ask("POST", "/points/delete?wait=true", '{"filter":{}}');
  for (const [i, id] of spellings.entries()) {
    const answer = await request("PUT", `${path}/points?wait=true`, { points: [{ id, vector: [i, 1] }] });
    assert.equal(answer.status, 200, answer.text);
    assert.match(await ask("POST", "/points/count", "{}"), /"count":1\b/);
    assert.match(await ask("GET", `/points/${encodeURIComponent(id)}`), new RegExp(`"id":"${uuid}".*\\[${i},1\\]`));
    const body = JSON.stringify({ filter: { must: [{ has_id: [id] }] }, offset: id });
    assert.match(await ask("POST", "/points/scroll", body), new RegExp(`"id":"${uuid}"`));
  }
  await ask("POST", "/points/delete?wait=true", JSON.stringify({ points: [spellings[2]] }));
  assert.match(await ask("POST", "/points/count", "{}"), /"count":0\b/);
});

test("what is no id is refused", async () => {
  for (const id of [
    "-1",
    "1.5",
    "18446744073709551616",
    '"x"',
    '"936da01f-9abd-4d9d-80c7-02af85c822a"',
    "null",
    "true",
    "[1]",
    "1e400",
  ]) {
    const { status, text } = await request("PUT", `${path}/points`, `{"points":[{"id":${id},"vector":[1,0]}]}`);
    assert.equal(status, 400, `${id}: ${text}`);
    assert.match(text, /Format error in JSON body/);
  }
  for (const id of ["-1", "1.5", "18446744073709551616", "x"]) {
    const { status, text } = await request("GET", `${path}/points/${id}`);
    assert.equal(status, 400, text);
    assert.match(text, /Wrong input: Can not recognize/);
  }
});
