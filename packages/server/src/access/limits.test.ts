import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import type { AppOptions } from "../app.js";
import { newAuthority } from "../testing/certificates.js";
import { testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import { Guard } from "./guard.js";

const [mainKey, alternateKey] = testKeys.readWrite as [string, string];
const guard = new Guard(testKeys);

async function listening(options: AppOptions): Promise<number> {
  const { app } = await testApp(options);
  return Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
}

/** A connection, and what has come of it. */
class Client {
  readonly socket: Socket;
  #text = "";
  #onChange: () => void = () => undefined;
  #isClosed = false;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1").setEncoding("latin1");
    this.socket.on("error", () => undefined);
    this.socket.on("data", (text: string) => {
      this.#text += text;
      this.#onChange();
    });
    this.socket.on("close", () => {
      this.#isClosed = true;
      this.#onChange();
    });
    after(() => this.socket.destroy());
  }

  async #until(holds: () => boolean): Promise<string> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    return this.#text;
  }

  closed(): Promise<string> {
    return this.#until(() => this.#isClosed);
  }

  /** What it was answered, or that it was closed. */
  async status(): Promise<string> {
    const text = await this.#until(() => this.#isClosed || this.#text.includes("\r\n\r\n"));
    return text === "" ? "closed" : (text.split(" ")[1] as string);
  }

  ask(): Promise<string> {
    this.socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    return this.status();
  }
}

describe("limits on requests", () => {
  it("hold for one address, whatever it brings, before a key is looked at", async () => {
    const { ask, app } = await testApp({ guard, requestsPerAddressMax: 3 });
    const statuses: number[] = [];
    for (const headers of [{}, { "api-key": "wrong" }, { "api-key": mainKey }]) {
      statuses.push((await ask("GET", "/collections", undefined, headers)).statusCode);
    }
    assert.deepEqual(statuses, [401, 401, 200]);
    const refused = await ask("GET", "/collections", undefined, { "api-key": mainKey });
    assert.equal(refused.statusCode, 429);
    assert.match(
      refused.error ?? "",
      /^Rate limiting exceeded: more than 3 requests a minute from one address\. Help: /,
    );
    assert.match(String(refused.headers["retry-after"]), /^[1-9]\d?$/);
    const elsewhere = await app.inject({ url: "/healthz", remoteAddress: "10.0.0.1" });
    assert.equal(elsewhere.statusCode, 200);
    const ofNetwork = async (address: string) =>
      (await app.inject({ url: "/healthz", remoteAddress: address })).statusCode;
    assert.deepEqual(
      [await ofNetwork("2001:db8::1"), await ofNetwork("2001:db8::2"), await ofNetwork("2001:db8::3")],
      [200, 200, 200],
    );
    assert.equal(await ofNetwork("2001:db8::4"), 429, "addresses of one network are one");
  });

  it("hold for each key and token by itself, and not for what replicas pass on", async () => {
    const { ask, database } = await testApp({ guard, requestsPerKeyMax: 2 });
    const status = async (headers: Record<string, string>) =>
      (await ask("GET", "/collections", undefined, headers)).statusCode;
    const token = bearing(await signedToken({ access: "r" }));
    for (const headers of [{ "api-key": mainKey }, { "api-key": alternateKey }, token]) {
      assert.deepEqual([await status(headers), await status(headers), await status(headers)], [200, 200, 429]);
    }
    assert.equal(await status(bearing(mainKey)), 429, "the same key in another header");
    assert.deepEqual([await status({}), await status({}), await status({})], [401, 401, 401]);
    const caller = { access: { kind: "global", mode: "r" }, by: "token", subject: undefined } as const;
    const passedOn = bearing((await guard.credentialFor(caller, database.status().replicaId)) as string);
    assert.deepEqual([await status(passedOn), await status(passedOn), await status(passedOn)], [200, 200, 200]);
  });

  it("count reads that would be answered where they come in", async () => {
    const port = await listening({ requestsPerAddressMax: 1 });
    const body = '{"query":[1,2,3,4]}';
    const query = `POST /collections/none/points/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const [first, second] = [new Client(port), new Client(port)];
    first.socket.write(query);
    assert.equal(await first.status(), "404");
    second.socket.write(query);
    assert.equal(await second.status(), "429");
  });
});

describe("limits on connections", () => {
  for (const limit of ["connectionsMax", "connectionsPerAddressMax"] as const) {
    it(`close what is beyond ${limit}, and take more when one has gone`, async () => {
      const port = await listening({ [limit]: 2 });
      const [one, two, three] = [new Client(port), new Client(port), new Client(port)];
      const answers = await Promise.all([one.ask(), two.ask(), three.ask()]);
      assert.deepEqual([...answers].sort(), ["200", "200", "closed"]);
      for (const client of [one, two, three]) {
        client.socket.destroy();
        await client.closed();
      }
      let status = "closed";
      // the server hears of it a little later
      for (let i = 0; i < 1_000 && status === "closed"; i++) status = await new Client(port).ask();
      assert.equal(status, "200");
    });
  }

  it("end a client whose headers come in drops, with or without TLS, and one that never begins", async () => {
    const authority = await newAuthority("ours");
    const port = await listening({ guard, requestTimeoutMs: 400 });
    const slow = new Client(port);
    slow.socket.write("GET /healthz HTTP/1.1\r\n");
    const drops = setInterval(() => slow.socket.write("x: y\r\n"), 20);
    after(() => clearInterval(drops));
    assert.match(await slow.closed(), /^HTTP\/1\.1 408 /);
    clearInterval(drops);
    await new Client(port).closed();
    const byTls = await listening({ tls: await authority.issue("server"), requestTimeoutMs: 400 });
    await new Client(byTls).closed();
  });

  it("end a client whose body comes in drops, without a key at once", async () => {
    const port = await listening({ guard, requestTimeoutMs: 400 });
    const head = (key: string) =>
      `PUT /collections/a/points HTTP/1.1\r\nhost: x\r\napi-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{`;
    const [known, unknown] = [new Client(port), new Client(port)];
    unknown.socket.write(head("wrong"));
    known.socket.write(head(mainKey));
    assert.equal(await unknown.status(), "401");
    const drops = setInterval(() => known.socket.write(" "), 20);
    after(() => clearInterval(drops));
    assert.match(await known.closed(), /^HTTP\/1\.1 408 /);
    clearInterval(drops);
    await unknown.closed();
  });

  it("refuse headers without measure", async () => {
    const port = await listening({ guard });
    const [long, many] = [new Client(port), new Client(port)];
    long.socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(64 * 1024)}\r\n\r\n`);
    assert.equal(await long.status(), "431");
    many.socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(10_000)}\r\n`);
    assert.equal(await many.status(), "431");
  });
});
