import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import type { Trust } from "../ask.js";
import type { Shape } from "../delay-line.js";
import { type NatsServer, startNatsServer } from "../nats.js";
import { type Relay, startRelay } from "../relay.js";
import { makeSecured } from "../secured.js";
import { newFolder, removeFolder, type ServerOptions, type ServerProcess, startServer } from "../server.js";
import { until } from "../until.js";

/** One region: a database and its broker, both real processes. */
export interface Region {
  readonly name: string;
  readonly broker: NatsServer;
  readonly dataFolder: string;
  /** The process that runs now, or ran last. */
  readonly server: ServerProcess;
  /** Starts the database again on its folder, on another port; `options` come behind its own. */
  start(more?: Partial<ServerOptions>): Promise<void>;
}

export interface RegionClusterOptions {
  readonly names: readonly string[];
  /** Round trip between two regions, in milliseconds; 0 by default. */
  readonly roundTripMs?: (a: string, b: string) => number;
  /** Command line options of every database. */
  readonly options?: readonly string[];
  /** Lines of the configuration of every broker. */
  readonly brokerConfig?: string;
  /** Everything that makes databases secure is switched on. */
  readonly isSecured?: boolean;
  readonly purpose?: string;
  /** Called when something has started, for people. */
  readonly say?: (text: string) => void;
}

/** What a region says of its state of a collection. */
export interface RegionDigest {
  readonly frontier: { readonly [origin: string]: number };
  readonly points: number;
  readonly points_digest: string;
  readonly graph_digest: string;
}

/** Between two looks at digests, so many times as long as the look took. */
const REST_PER_DIGEST = 4;
const EQUAL_TIMEOUT_MS = 120_000;
const MEMBERS_TIMEOUT_MS = 60_000;

/**
 * Regions on this machine, each with a database and a nats-server of its own. A database reaches the broker of another region through a
 * relay of its own, in which that link can be made slow, cut or stalled.
 */
export class RegionCluster {
  readonly regions: readonly Region[];
  readonly #links: ReadonlyMap<string, Relay>;
  readonly #folder: string;
  /** With what a client asks, where databases are secured. */
  readonly trust: Trust | undefined;

  private constructor(
    regions: readonly Region[],
    links: ReadonlyMap<string, Relay>,
    folder: string,
    trust: Trust | undefined,
  ) {
    this.trust = trust;
    this.regions = regions;
    this.#links = links;
    this.#folder = folder;
  }

  /** Starts everything, and waits until every region takes writes. */
  static async start(options: RegionClusterOptions): Promise<RegionCluster> {
    const { names, roundTripMs = () => 0, say = () => undefined } = options;
    const broker = options.brokerConfig === undefined ? {} : { config: options.brokerConfig };
    const folder = newFolder(options.purpose ?? "regions");
    const brokers = new Map<string, NatsServer>();
    const links = new Map<string, Relay>();
    const regions: Region[] = [];
    try {
      const secured = options.isSecured === true ? await makeSecured(join(folder, "secrets")) : undefined;
      for (const name of names) brokers.set(name, await startNatsServer(broker));
      say(`${names.length} brokers`);
      for (const from of names) {
        for (const to of names) {
          if (from === to) continue;
          const delayMs = roundTripMs(from, to) / 2;
          links.set(`${from} ${to}`, await startRelay({ targetPort: (brokers.get(to) as NatsServer).port, delayMs }));
        }
      }
      say(`${links.size} links`);
      const launched = names.map(async (name) => {
        const peers = names
          .filter((other) => other !== name)
          .flatMap((other) => ["--peer", `${other}=nats://127.0.0.1:${(links.get(`${name} ${other}`) as Relay).port}`]);
        const broker = brokers.get(name) as NatsServer;
        const own = [
          "--region",
          name,
          "--nats",
          broker.url,
          ...peers,
          ...(secured?.options ?? []),
          ...(secured?.clusterOptions ?? []),
          ...(options.options ?? []),
        ];
        return launchRegion({ name, broker, dataFolder: join(folder, name), options: own, trust: secured?.trust });
      });
      regions.push(...(await Promise.all(launched)));
      const cluster = new RegionCluster(regions, links, folder, secured?.trust);
      await cluster.untilMembers();
      say(`${names.length} databases`);
      return cluster;
    } catch (error) {
      for (const { server } of regions) await server.kill().catch(() => undefined);
      for (const relay of links.values()) await relay.close();
      for (const broker of brokers.values()) await broker.dispose();
      removeFolder(folder);
      throw error;
    }
  }

  region(name: string): Region {
    const region = this.regions.find((one) => one.name === name);
    assert.ok(region, `there is a region ${name}`);
    return region;
  }

  /** The link that a region's database takes to another region's broker. */
  link(from: string, to: string): Relay {
    const relay = this.#links.get(`${from} ${to}`);
    assert.ok(relay, `there is a link from ${from} to ${to}`);
    return relay;
  }

  /** Links that begin or end in a region. */
  linksOf(name: string): Relay[] {
    return [...this.#links].filter(([ends]) => ends.split(" ").includes(name)).map(([, relay]) => relay);
  }

  /** Nobody reaches the region any more, and it reaches nobody. */
  cut(name: string): void {
    for (const relay of this.linksOf(name)) relay.cut();
  }

  /** Nothing arrives in the region and nothing from it, and no connection ends. */
  stall(name: string): void {
    for (const relay of this.linksOf(name)) relay.stall();
  }

  degrade(name: string, changes: Partial<Shape>): void {
    for (const relay of this.linksOf(name)) relay.set(changes);
  }

  /** Ends cuts and stalls, of one region's links or of all, and loses nothing any more. */
  heal(name?: string): void {
    for (const relay of name === undefined ? this.#links.values() : this.linksOf(name)) {
      relay.heal();
      relay.set({ lossRate: 0 });
    }
  }

  /** Until every region takes writes and counts all of them as members. */
  async untilMembers(): Promise<void> {
    let last: unknown;
    await until(
      async () => {
        const ready = await Promise.all(
          this.regions.map(async ({ server }) => {
            const readyz = await server.request("GET", "/readyz");
            last = readyz.body;
            // what it says of its members is asked for once it may be true
            if (readyz.status !== 200) return false;
            const { result } = (await server.request("GET", "/murmur/cluster")).body;
            const { members = [] } = (result ?? {}) as { members?: readonly { readonly state: string }[] };
            last = result;
            return members.filter(({ state }) => state === "active").length === this.regions.length;
          }),
        );
        return ready.every(Boolean);
      },
      () => `every region is a member; one says ${JSON.stringify(last)}`,
      MEMBERS_TIMEOUT_MS,
    );
  }

  async digestOf({ server }: Region, collection: string): Promise<RegionDigest | undefined> {
    const { status, body } = await server.request("GET", `/murmur/collections/${collection}/digest`);
    return status === 200 ? (body.result as RegionDigest) : undefined;
  }

  /** Until all of these regions have the same state of a collection. Returns it. */
  async untilEqual(
    collection: string,
    regions: readonly Region[] = this.regions,
    timeoutMs: number = EQUAL_TIMEOUT_MS,
  ): Promise<RegionDigest> {
    let digests: (RegionDigest | undefined)[] = [];
    let tookMs = 0;
    await until(
      async () => {
        // a digest takes the engine's thread: what is waited for must have most of its time
        await after(REST_PER_DIGEST * tookMs);
        const beganMs = performance.now();
        digests = await Promise.all(regions.map((region) => this.digestOf(region, collection)));
        tookMs = performance.now() - beganMs;
        return (
          digests[0] !== undefined && new Set(digests.map((digest) => JSON.stringify(identityOf(digest)))).size === 1
        );
      },
      () => `the regions are equal: ${JSON.stringify(digests)}`,
      timeoutMs,
    );
    return digests[0] as RegionDigest;
  }

  /** The bytes of the answer of each region to one query; equal when the regions are. */
  async answers(collection: string, query: object): Promise<string[]> {
    return Promise.all(
      this.regions.map(async ({ server }) => {
        const answer = await server.request("POST", `/collections/${collection}/points/query`, query);
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        return JSON.stringify(answer.body.result);
      }),
    );
  }

  /** Ends everything and removes its folders. */
  async stop(): Promise<void> {
    await Promise.all(this.regions.map(({ server }) => server.kill().catch(() => undefined)));
    for (const relay of this.#links.values()) await relay.close();
    for (const { broker } of this.regions) await broker.dispose();
    removeFolder(this.#folder);
  }
}

/** What must be alike: everything but numbers that a replica counts for itself. */
function identityOf(digest: RegionDigest | undefined): unknown {
  if (digest === undefined) return undefined;
  const { frontier, points, points_digest, graph_digest } = digest;
  return [Object.entries(frontier).sort(), points, points_digest, graph_digest];
}

async function launchRegion(of: {
  readonly name: string;
  readonly broker: NatsServer;
  readonly dataFolder: string;
  readonly options: readonly string[];
  readonly trust: Trust | undefined;
}): Promise<Region> {
  const asked = of.trust === undefined ? {} : { trust: of.trust };
  const start = ({ options = [], ...more }: Partial<ServerOptions> = {}) =>
    startServer({
      dataFolder: of.dataFolder,
      waitFor: "listening",
      ...asked,
      ...more,
      options: [...of.options, ...options],
    });
  let server = await start();
  return {
    name: of.name,
    broker: of.broker,
    dataFolder: of.dataFolder,
    get server() {
      return server;
    },
    start: async (more) => {
      server = await start(more);
    },
  };
}
