import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { badRequests } from "./bad-requests/mod.js";
import { startE2eServer } from "./e2e-server.js";

const server = await startE2eServer();
const { address, client, request } = server;

await client.createCollection("victim", {
  vectors: { a: { size: 4, distance: "Cosine" }, b: { size: 2, distance: "Dot" } },
});
await client.upsert("victim", {
  wait: true,
  points: Array.from({ length: 20 }, (_, i) => ({
    id: i + 1,
    vector: { a: [i, 1, 2, 3], b: [i, 1] },
    payload: { n: i, word: `w${i}` },
  })),
});
await client.createPayloadIndex("victim", { wait: true, field_name: "n", field_schema: "integer" });
await client.updateCollectionAliases({
  actions: [{ create_alias: { collection_name: "victim", alias_name: "alias" } }],
});

async function digest(): Promise<unknown> {
  return (await request("GET", "/murmur/collections/victim/digest")).body.result;
}

async function state(): Promise<unknown> {
  const scroll = { limit: 100, with_vector: true };
  return {
    digest: await digest(),
    points: (await client.scroll("victim", scroll)).points,
    collections: await client.getCollections(),
    info: await client.getCollection("victim"),
    aliases: await client.getAliases(),
  };
}

const before = await state();

/** Refused requests leave nothing behind, and the server answers on. */
async function assertUnharmed(): Promise<void> {
  assert.deepEqual(await state(), before);
  assert.equal((await request("GET", "/healthz")).status, 200);
  assert.equal((await client.query("victim", { query: [1, 1, 1, 1], using: "a" })).points.length, 10);
}

const shorten = (text: string) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

test("every bad request is refused with its status and a message that says why", async () => {
  const wrong: string[] = [];
  for (const { to, body, status, message, headers } of badRequests) {
    const [method = "", path = ""] = to.split(" ", 2);
    const whole = path.startsWith("/collections") ? path : `/collections/victim${path}`;
    const answer = await request(method, whole, body, headers);
    const { error } = (answer.body.status ?? {}) as { error?: string };
    if (answer.status === status && message.test(error ?? "") && typeof answer.body.time === "number") continue;
    const sent = body === undefined ? "" : shorten(typeof body === "string" ? body : JSON.stringify(body));
    wrong.push(
      `${shorten(to)} ${sent}\n  expected ${status} ${message}\n  answered ${answer.status} ${shorten(answer.text)}`,
    );
  }
  assert.ok(badRequests.length > 400, `${badRequests.length} requests`);
  assert.equal(wrong.join("\n"), "");
});

test("after all of them the data is what it was", assertUnharmed);

test("one bad point among a hundred keeps all of them out", async () => {
  for (const position of [0, 50, 99]) {
    const points = Array.from({ length: 100 }, (_, i) => ({
      id: i + 10,
      vector: { a: i === position ? [1, 2, 3] : [1, 2, 3, 4] },
      payload: { n: -1 },
    }));
    const answer = await request("PUT", "/collections/victim/points?wait=true", { points });
    assert.equal(answer.status, 400);
    assert.match(answer.text, new RegExp(`expected dim: 4, got 3.*${position + 10}`));
  }
  await assertUnharmed();
});

test("a request that breaks off in its middle changes nothing", async () => {
  const body = JSON.stringify({ points: [{ id: 1, vector: { a: [9, 9, 9, 9] } }] });
  for (let part = 0; part < 5; part++) {
    await new Promise<void>((resolve) => {
      const call = httpRequest(`${address}/collections/victim/points?wait=true`, {
        method: "PUT",
        headers: { "content-type": "application/json", "content-length": body.length },
      });
      call.on("error", () => undefined).on("close", resolve);
      call.write(body.slice(0, 10 * part), () => call.destroy());
      call.flushHeaders();
    });
  }
  await assertUnharmed();
});

test("bytes that are no HTTP and text that is no UTF-8 are refused", async () => {
  const { hostname, port } = new URL(address);
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write("\x16\x03\x01 hello\r\n\r\n"));
    socket.setEncoding("latin1").on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => undefined).on("close", () => resolve(text));
  });
  assert.match(answer, /^HTTP\/1\.1 400 /);
  const response = await fetch(`${address}/collections/victim/points/scroll`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  });
  assert.equal(response.status, 400);
  assert.match(await response.text(), /Format error in JSON body: .*UTF-8/);
  await assertUnharmed();
});

test("nothing of this was an error of the server's own", () => {
  assert.doesNotMatch(server.log(), /unhandledRejection|uncaughtException|request failed/);
});
