import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildApp, type Database, openDatabase } from "@murmuration/server";
import { newFolder, removeFolder } from "../../support/server.js";
import { root } from "../../support/source-tree.js";
import { until } from "../../support/until.js";
import { ask, escaped, type RestAnswer, type RestRequest } from "./request.js";

const TRANSPORT = pathToFileURL(join(root, "packages/server/dist/engine/channel-transport.test-support.js")).href;
const EQUAL_TIMEOUT_MS = 120_000;
const PAGE = 10_000;
type Log = Parameters<typeof openDatabase>[0]["log"];

/** Nothing is logged: what a log would say of refused requests is not what is looked at. */
const silent = new Proxy({} as Log, { get: (_, name) => (name === "level" ? "silent" : () => silent) });

interface Running {
  readonly region: string | undefined;
  readonly database: Database;
  readonly port: number;
  close(): Promise<void>;
}

/** Two databases of one cluster in this process, each behind its HTTP interface. */
export class Pair {
  readonly #folder = newFolder("fuzz");
  readonly #channel = randomUUID();
  readonly #running: Running[] = [];

  static async open(): Promise<Pair> {
    return Pair.#of(["eu", "us"]);
  }

  /** One database that is alone. */
  static async openOne(): Promise<Pair> {
    return Pair.#of([undefined]);
  }

  static async #of(regions: readonly (string | undefined)[]): Promise<Pair> {
    const pair = new Pair();
    pair.#running.push(...(await Promise.all(regions.map((region) => pair.#start(region)))));
    await pair.#untilReady();
    return pair;
  }

  async #start(region: string | undefined): Promise<Running> {
    const cut = new Int32Array(new SharedArrayBuffer(4));
    const options = { channel: this.#channel, cut };
    const transport = { module: TRANSPORT, exportName: "connectChannel", options };
    const database = await openDatabase({
      dataFolder: join(this.#folder, region ?? "alone"),
      log: silent,
      ...(region === undefined ? {} : { cluster: { name: "fuzz", region, peers: 1, transport } }),
    });
    const app = await buildApp(database);
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const close = async () => {
      await app.close();
      await database.close();
    };
    return { region, database, port, close };
  }

  async #untilReady(): Promise<void> {
    await until(
      () => this.#running.every(({ database }) => database.status().ready),
      () => `both take writes: ${this.#running.map(({ database }) => database.status().reason).join(", ")}`,
      EQUAL_TIMEOUT_MS,
    );
  }

  ask(at: 0 | 1, request: RestRequest): Promise<RestAnswer> {
    return ask((this.#running[at] as Running).port, request);
  }

  async get(at: 0 | 1, path: string): Promise<unknown> {
    const answer = await this.ask(at, { method: "GET", path, headers: {}, body: undefined });
    assert.equal(answer.status, 200, `GET ${path} at ${at}: ${answer.text.slice(0, 300)}`);
    return answer.json?.result;
  }

  /** Ends one of the two and starts it again on its folder. */
  async restart(at: 0 | 1): Promise<void> {
    const { close, region } = this.#running[at] as Running;
    await close();
    this.#running[at] = await this.#start(region);
    await this.#untilReady();
  }

  async names(at: 0 | 1): Promise<string[]> {
    const { collections } = (await this.get(at, "/collections")) as { collections: { name: string }[] };
    return collections.map(({ name }) => name);
  }

  /** Everything that users can see, as text. */
  async visible(at: 0 | 1): Promise<string> {
    const aliases = JSON.stringify(await this.get(at, "/aliases"));
    const parts = [aliases];
    for (const name of await this.names(at)) {
      const path = `/collections/${escaped(name)}`;
      const { config, payload_schema } = (await this.get(at, path)) as { config: unknown; payload_schema: unknown };
      const body = JSON.stringify({ limit: PAGE, with_payload: true, with_vector: true });
      const page = await this.ask(at, { method: "POST", path: `${path}/points/scroll`, headers: {}, body });
      assert.equal(page.status, 200, `${path} is listed and can be read: ${page.text.slice(0, 300)}`);
      parts.push(JSON.stringify([name, config, payload_schema]), page.text.replace(/,"time":[^,}]*}$/, ""));
    }
    return parts.join("\n");
  }

  /** Until both have the same digests at the same frontiers, and show the same. */
  async untilEqual(): Promise<string> {
    let states: string[] = [];
    let visible = "";
    await until(
      async () => {
        states = await Promise.all(([0, 1] as const).map((at) => this.#digests(at)));
        if (states[0] !== states[1]) return false;
        states = await Promise.all(([0, 1] as const).map((at) => this.visible(at)));
        visible = states[0] as string;
        return visible === states[1];
      },
      () => `equal states:\n${states.join("\n")}`,
      EQUAL_TIMEOUT_MS,
    );
    return visible;
  }

  async #digests(at: 0 | 1): Promise<string> {
    const { database } = this.#running[at] as Running;
    const { catalogue } = database;
    const names = await this.names(at);
    const all = names.map(async (name) => {
      // it may be dropped meanwhile
      const digest = await database.digest(name).catch(() => undefined);
      return digest === undefined
        ? `${name} is gone`
        : [name, Object.entries(digest.frontier).sort(), { ...digest, frontier: 0 }];
    });
    return JSON.stringify([await Promise.all(all), catalogue.aliases, Object.keys(catalogue.collections).sort()]);
  }

  /** Both without any collection. */
  async clear(): Promise<void> {
    for (const name of await this.names(0)) {
      const path = `/collections/${escaped(name)}`;
      const { status, text } = await this.ask(0, { method: "DELETE", path, headers: {}, body: undefined });
      assert.equal(status, 200, `DELETE ${path}: ${text}`);
    }
    if (this.#running.length === 1) return;
    await until(async () => (await this.names(1)).length === 0, "both are empty", EQUAL_TIMEOUT_MS);
  }

  async close(): Promise<void> {
    for (const { close } of this.#running) await close().catch(() => undefined);
    removeFolder(this.#folder);
  }
}
