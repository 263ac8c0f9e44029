import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { covers, decodeToken } from "@murmuration/core";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { buildApp } from "../app.js";
import { Passing } from "../engine/channel-transport.test-support.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { freePort } from "../testing/free-port.js";

const DEADLINE_MS = 60_000;
const POINTS = "/collections/a/points";

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `not within ${DEADLINE_MS} ms: ${what}`);
    await pause(20);
  }
}

/** Whatever of it an answer has. */
interface Result {
  readonly status?: string;
  readonly count?: number;
  readonly payload?: unknown;
  readonly points?: readonly { readonly payload: unknown }[];
  readonly waits?: { readonly open: number; readonly quorums_reached: number; readonly quorums_missed: number };
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly token: string;
  readonly result: Result;
  readonly error: string;
}

/** A database of a cluster with its HTTP server. */
class Region {
  readonly database: Database;
  readonly #app: FastifyInstance;
  readonly #cut: Int32Array;
  readonly #url: string;

  private constructor(database: Database, app: FastifyInstance, cut: Int32Array, url: string) {
    this.database = database;
    this.#app = app;
    this.#cut = cut;
    this.#url = url;
  }

  static async open(name: string, folder: string, channel: string, peers: number): Promise<Region> {
    const cut = new Int32Array(new SharedArrayBuffer(4));
    const port = await freePort();
    const advertise = `http://127.0.0.1:${port}`;
    const module = new URL("../engine/channel-transport.test-support.js", import.meta.url).href;
    const transport = { module, exportName: "connectChannel", options: { channel, cut } };
    const database = await openDatabase({
      dataFolder: join(folder, name),
      log: pino({ level: "silent" }),
      cluster: { name: "c", region: name, advertise, peers, transport },
    });
    const app = await buildApp(database);
    await app.listen({ host: "127.0.0.1", port });
    return new Region(database, app, cut, advertise);
  }

  passes(what: keyof typeof Passing): void {
    Atomics.store(this.#cut, 0, Passing[what]);
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { result = {}, status } = (await response.json()) as { result?: Result; status: { error?: string } };
    const token = response.headers.get(murmurHeaders.token) ?? "";
    return { status: response.status, headers: response.headers, token, result, error: status.error ?? "" };
  }

  upsert(id: number, parameters = "", headers: Record<string, string> = {}): Promise<Answer> {
    const points = [{ id, vector: [id, 1], payload: { n: id } }];
    return this.ask("PUT", `${POINTS}?wait=true${parameters}`, { points }, headers);
  }

  get(id: number, parameters = "", headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask("GET", `${POINTS}/${id}?${parameters}`, undefined, headers);
  }

  async close(): Promise<void> {
    await this.#app.close();
    await this.database.close();
  }
}

const withToken = (token: string) => ({ [murmurHeaders.token]: token });

describe("consistency over HTTP, between replicas", () => {
  let folder: string;
  let pair: [eu: Region, us: Region];
  let trio: [eu: Region, us: Region, asia: Region];
  // each region is a thread that loads and makes a whole engine: two clusters serve all tests, each with a collection of its own
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-consistency-"));
    pair = (await openAll("pair", "eu", "us")) as [Region, Region];
    trio = (await openAll("trio", "eu", "us", "asia")) as [Region, Region, Region];
  });
  after(async () => {
    for (const region of [...(pair ?? []), ...(trio ?? [])]) await region.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Regions that all know where the others are reached. */
  async function openAll(cluster: string, ...names: string[]): Promise<Region[]> {
    const channel = randomUUID();
    const regions = await Promise.all(
      names.map((name) => Region.open(name, join(folder, cluster), channel, names.length - 1)),
    );
    await until("all take writes", () => regions.every(({ database }) => database.status().ready));
    const knowsAll = ({ database: { catalogue } }: Region) =>
      catalogue.members.filter(({ url }) => url !== undefined).length === names.length;
    await until("all are known", () => regions.every(knowsAll));
    return regions;
  }

  /** A cluster of which everybody hears everybody, with a new collection `a` and no other. */
  async function renewed<Regions extends readonly Region[]>(regions: Regions): Promise<Regions> {
    const [first] = regions as readonly Region[];
    assert.ok(first);
    const everywhere = "write_consistency=all&timeout=30";
    for (const region of regions) region.passes("all");
    for (const { name } of Object.values(first.database.catalogue.collections))
      assert.equal((await first.ask("DELETE", `/collections/${name}?${everywhere}`)).status, 200);
    const made = await first.ask("PUT", `/collections/a?${everywhere}`, { vectors: { size: 2, distance: "Euclid" } });
    assert.equal(made.status, 200, made.error);
    return regions;
  }

  it("a session reads its own writes wherever it goes, or is told that it cannot", async () => {
    const [eu, us] = await renewed(pair);
    const first = await eu.upsert(1);
    assert.equal((await us.get(1, "", withToken(first.token))).status, 200);

    us.passes("nothing");
    const { token } = await eu.upsert(2, "", withToken(first.token));
    const refused = await us.get(2, "timeout=1", withToken(token));
    assert.equal(refused.status, 503);
    assert.match(refused.error, /x-murmur-token: this replica lacks \d+ operations .* after 1 s/);
    assert.equal((await us.upsert(3, "&timeout=1", withToken(token))).status, 503);
    assert.equal((await us.get(3, "consistency=eventual")).status, 404, "nothing was written");
    assert.equal((await us.get(2, "consistency=eventual", withToken(token))).status, 404, "from here, now");

    const waiting = us.get(2, "timeout=30", withToken(token));
    us.passes("all");
    const seen = await waiting;
    assert.deepEqual([seen.status, seen.result.payload], [200, { n: 2 }]);
    const [before, now] = [token, seen.token].map((text) => decodeToken(text, murmurHeaders.token));
    for (const [shard, frontier] of before ?? []) assert.ok(covers(now?.get(shard) ?? new Map(), frontier));
  });

  it("a collection that the session has made is there, wherever it goes", async () => {
    const [eu, us] = await renewed(pair);
    us.passes("nothing");
    const made = await eu.ask("PUT", "/collections/b", { vectors: { size: 2, distance: "Dot" } });
    const info = await us.ask("GET", "/collections/b?timeout=1", undefined, withToken(made.token));
    assert.equal(info.status, 503, "not 404");
    us.passes("all");
    const upserted = await us.ask(
      "PUT",
      "/collections/b/points?wait=true",
      { points: [{ id: 1, vector: [1, 2] }] },
      withToken(made.token),
    );
    assert.equal(upserted.status, 200);
    const count = await eu.ask("POST", "/collections/b/points/count", {}, withToken(upserted.token));
    assert.deepEqual(count.result, { count: 1 });
  });

  it("a read that cannot be answered in time is passed on, once, to a replica that can", async () => {
    const [eu, us, asia] = await renewed(trio);
    us.passes("heartbeats");
    const { token } = await eu.upsert(1);
    const body = { query: [1, 1], limit: 1, with_payload: true };
    const search = (headers: Record<string, string>) =>
      us.ask("POST", `${POINTS}/query?timeout=1`, body, { ...withToken(token), ...headers });
    await until(
      "others are known to hold it",
      async () => (await us.database.holders(decodeToken(token, ""))).length > 0,
    );
    const passedOn = await search({ [murmurHeaders.frontier]: "1" });
    assert.equal(passedOn.status, 200, passedOn.error);
    assert.deepEqual(passedOn.result.points?.[0]?.payload, { n: 1 });
    const servedBy = Number(passedOn.headers.get(murmurHeaders.servedBy));
    assert.ok([eu, asia].some(({ database }) => database.status().replicaId === servedBy));
    assert.match(passedOn.headers.get(murmurHeaders.frontier) ?? "", /^\d+:\d+/);
    assert.equal((await search({ [murmurHeaders.forwarded]: "7" })).status, 503, "not twice");
    const written = await us.upsert(9, "&timeout=1", withToken(token));
    assert.equal(written.status, 503, "writes stay where they were sent");
    us.passes("all");
    const here = await us.ask("POST", `${POINTS}/query?timeout=30`, body, withToken(token));
    assert.deepEqual([here.status, here.headers.get(murmurHeaders.servedBy)], [200, null]);
  });

  it("a write is acknowledged by a quorum, or says that it was not and stays", async () => {
    const [eu, us, asia] = await renewed(trio);
    asia.passes("nothing");
    const done = await eu.upsert(1, "&write_consistency=quorum&timeout=30");
    assert.deepEqual([done.status, done.result.status], [200, "completed"]);
    assert.match(done.headers.get(murmurHeaders.consistency) ?? "", /^done; agreed=\d; needed=2; members=3$/);
    const seen = await us.get(1, "consistency=quorum&timeout=30");
    assert.deepEqual([seen.status, seen.result.payload], [200, { n: 1 }], "no token, and yet it is seen");

    us.passes("nothing");
    const missed = await eu.upsert(2, "&write_consistency=majority&timeout=1");
    assert.deepEqual([missed.status, missed.result.status], [202, "wait_timeout"]);
    assert.equal(missed.headers.get(murmurHeaders.consistency), "quorum-missed; agreed=1; needed=2; members=3");
    assert.equal((await eu.get(2)).status, 200, "it is not taken back");
    const read = await asia.get(1, "consistency=quorum&timeout=1");
    assert.equal(read.status, 503);
    assert.match(read.error, /consistency: 1 of 3 members agreed within 1 s, 2 are asked for/);
    const local = await eu.ask("PUT", `${POINTS}?wait=false&write_consistency=all`, {
      points: [{ id: 3, vector: [3, 1] }],
    });
    assert.deepEqual([local.status, local.result.status], [200, "acknowledged"], "durable here is enough");

    for (const region of [us, asia]) region.passes("all");
    for (const region of [us, asia]) {
      for (const id of [1, 2, 3]) {
        assert.equal((await region.get(id, "consistency=all&timeout=30")).status, 200);
      }
    }
    const { waits } = (await eu.ask("GET", "/murmur/replication")).result;
    assert.ok(waits !== undefined && waits.quorums_reached >= 2 && waits.quorums_missed >= 1, JSON.stringify(waits));
    assert.equal(waits.open, 0);
  });

  it("a level of more members than there are changes nothing", async () => {
    const [eu] = await renewed(pair);
    const tooMany = await eu.upsert(1, "&write_consistency=3");
    assert.equal(tooMany.status, 422);
    assert.equal(
      tooMany.error,
      "Validation error in query parameters: [write_consistency: 3 of 2 members are asked for]",
    );
    const made = await eu.ask("PUT", "/collections/b?write_consistency=3", { vectors: { size: 2, distance: "Dot" } });
    assert.equal(made.status, 422);
    const points = [{ id: 1, vector: [1, 1] }];
    const unawaited = await eu.ask("PUT", `${POINTS}?wait=false&write_consistency=3`, { points });
    assert.equal(unawaited.status, 422);
    assert.equal((await eu.get(1)).status, 404);
    assert.equal((await eu.ask("GET", "/collections/b")).status, 404);
    assert.match((await eu.get(1, "consistency=3")).error, /consistency: 3 of 2 members/);
  });

  it("answers carry what they were given from, with digests that are those of all", async () => {
    const [eu, us] = await renewed(pair);
    for (let id = 1; id <= 20; id++) await (id % 2 === 0 ? eu : us).upsert(id);
    const body = { query: [4, 1], limit: 3 };
    const told = async (region: Region) => {
      const asked = { [murmurHeaders.frontier]: "1", [murmurHeaders.digest]: "1" };
      const { headers, result } = await region.ask("POST", `${POINTS}/query`, body, asked);
      return JSON.stringify([headers.get(murmurHeaders.frontier), headers.get(murmurHeaders.digest), result]);
    };
    let answers: string[] = [];
    await until("equal frontiers", async () => {
      answers = await Promise.all([told(eu), told(us)]);
      const [ofEu, ofUs] = answers.map((answer) => JSON.parse(answer) as [string, string]);
      // upkeep may write between an answer and its digest
      return ofEu?.[0] === ofUs?.[0] && ofEu?.[1] !== "moved-on" && ofUs?.[1] !== "moved-on";
    });
    assert.equal(answers[0], answers[1]);
    const [frontier, digest] = JSON.parse(answers[0] as string) as [string, string];
    assert.match(frontier, /^\d+:\d+(,\d+:\d+)*$/);
    assert.match(digest, /^points=\w+; graph=\w+$/);
    const plain = await eu.ask("POST", `${POINTS}/query`, body);
    assert.deepEqual(
      [plain.headers.get(murmurHeaders.frontier), plain.headers.get(murmurHeaders.digest)],
      [null, null],
    );
  });
});
