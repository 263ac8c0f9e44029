import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, describe, it } from "node:test";
import { Guard, type Here } from "../access/guard.js";
import { HttpClient } from "../http/http-client.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { newAuthority } from "../testing/certificates.js";
import { fill, testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import { Forwarder, type ForwarderOptions } from "./forwarder.js";
import type { SessionRequest } from "./session-request.js";

const authority = await newAuthority("ours");
const stranger = await newAuthority("another");
const own = await authority.issue("there");
const guard = new Guard(testKeys);
const nowhere: Here = { holds: () => Promise.resolve(false), replicaId: () => 0 };
const key = { "api-key": testKeys.readWrite[0] as string };

const there = await testApp({ guard, tls: own });
await fill({ ...there, ask: (method, url, body) => there.ask(method, url, body, key) });
const url = await there.app.listen({ host: "127.0.0.1", port: 0 });
const { replicaId } = there.database.status();

/** What this replica passes on to the one at this address, by its catalogue. */
function forwarderTo(address: string, options: Partial<ForwarderOptions> = {}) {
  const client = new HttpClient({ ca: authority.cert });
  after(() => client.close());
  const database = {
    catalogue: { ...there.database.catalogue, members: [{ id: replicaId, url: address }] },
    holders: () => Promise.resolve([replicaId]),
    frontiers: () => new Map(),
    missing: () => 1,
    status: () => ({ ...there.database.status(), replicaId: 1 }),
  } as unknown as ConstructorParameters<typeof Forwarder>[0];
  return new Forwarder(database, { hosts: ["127.0.0.1"], guard, client, needsTls: true, ...options });
}

async function passedOn(
  forwarder: Forwarder,
  headers: Record<string, string>,
  path = "/collections",
): Promise<readonly [number, unknown] | undefined> {
  const request: SessionRequest = {
    access: "read",
    caller: await guard.admit(headers, "any", undefined, nowhere),
    method: "GET",
    url: path,
    headers,
    body: undefined,
    names: [],
    parameters: {},
    signal: () => AbortSignal.timeout(10_000),
  };
  const answer = await forwarder.forward(request, new Map());
  return answer && [answer.statusCode, (JSON.parse(answer.body.toString()) as { result?: unknown }).result];
}

const oneToken = bearing(await signedToken({ access: [{ collection: "things", access: "r" }] }));

describe("a read that is passed on to a replica that asks for keys, by TLS", () => {
  it("is answered with what its caller may see, and no more", async () => {
    const all = { collections: [{ name: "named" }, { name: "things" }] };
    assert.deepEqual(await passedOn(forwarderTo(url), key), [200, all]);
    const some = { collections: [{ name: "things" }] };
    assert.deepEqual(await passedOn(forwarderTo(url), oneToken), [200, some]);
    assert.equal(await passedOn(forwarderTo(url), oneToken, "/collections/named"), undefined);
    assert.equal((await passedOn(forwarderTo(url), key, "/collections/missing"))?.[0], 404);
  });

  it("does not carry the key, nor what its client has shown", async () => {
    const seen: string[] = [];
    const spy = createServer((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.writeHead(302, { location: url }).end();
    });
    after(() => spy.close());
    await new Promise<void>((resolve) => spy.listen(0, "127.0.0.1", resolve));
    const { port } = spy.address() as { readonly port: number };
    const forwarder = forwarderTo(`http://127.0.0.1:${port}`, { needsTls: false });
    assert.equal(await passedOn(forwarder, key), undefined, "it is not led elsewhere");
    assert.equal(await passedOn(forwarder, oneToken), undefined);
    assert.equal(seen.length, 2);
    for (const secret of [...testKeys.readWrite, oneToken.authorization])
      assert.ok(!seen.some((headers) => headers.includes(secret)));
    assert.ok(seen.every((headers) => headers.includes(murmurHeaders.forwarded)));
  });

  it("goes to nobody who is not believed, nor to anybody without TLS", async () => {
    const refused: string[] = [];
    const onRefused = (address: string) => refused.push(address);
    const client = new HttpClient({ ca: stranger.cert });
    after(() => client.close());
    assert.equal(await passedOn(forwarderTo(url, { client }), key), undefined);
    const downgraded = url.replace("https:", "http:");
    assert.equal(await passedOn(forwarderTo(downgraded, { onRefused }), key), undefined);
    assert.deepEqual(refused, [downgraded]);
    const impostor = await testApp({ tls: await stranger.issue("there") });
    const address = await impostor.app.listen({ host: "127.0.0.1", port: 0 });
    assert.equal(await passedOn(forwarderTo(address), key), undefined);
  });

  it("is not answered where the replicas have no key in common", async () => {
    const others = new Guard({ ...testKeys, readWrite: ["another key of a test"] });
    assert.equal(await passedOn(forwarderTo(url, { guard: others }), key), undefined);
    assert.equal(await passedOn(forwarderTo(url, { guard: new Guard(undefined) }), key), undefined);
  });
});
