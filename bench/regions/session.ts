import { rmSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { mergeTokens, type SessionToken, type VectorEncoding } from "@murmuration/core";
import { type Region, RegionCluster } from "@murmuration/test/regions";
import type { BenchData } from "../data.js";
import { progressBar } from "../harness.js";
import { RegionClient } from "./client.js";
import { within } from "./deadline.js";
import { Load, type LoadOptions, rowOf } from "./load.js";

export const NAMES = ["eu", "us", "ap"] as const;
/** As between Frankfurt, Virginia and Singapore, about. */
export const ROUND_TRIPS_MS: Readonly<Record<string, number>> = { "eu us": 80, "ap eu": 150, "ap us": 250 };

const PHASE_S_MAX = 300;
const BATCH = 100;
const LOADERS = 3;
const POLL_MS = 5;

export function roundTripMs(a: string, b: string): number {
  return ROUND_TRIPS_MS[[a, b].sort().join(" ")] as number;
}

type LoadChoices = Omit<LoadOptions, "cluster" | "data" | "replicaIds">;

/** Three regions for as long as the measuring takes. */
export class BenchRegions {
  readonly cluster: RegionCluster;
  readonly client = new RegionClient();
  readonly #data: BenchData;

  private constructor(cluster: RegionCluster, data: BenchData) {
    this.cluster = cluster;
    this.#data = data;
  }

  static async start(data: BenchData): Promise<BenchRegions> {
    return new BenchRegions(await RegionCluster.start({ names: NAMES, roundTripMs, purpose: "bench" }), data);
  }

  /** Makes a collection that is there in every region. */
  async create(collection: string, encoding: VectorEncoding): Promise<void> {
    const [first] = this.cluster.regions as [Region];
    const vectors = {
      size: this.#data.dimensions,
      distance: "Cosine",
      ...(encoding === "f32" ? {} : { encoding }),
    };
    const { token } = await this.client.call(first.server.address, "PUT", `/collections/${collection}`, { vectors });
    await this.untilEverywhere(`/collections/${collection}`, token);
  }

  async drop(collection: string): Promise<void> {
    const [first] = this.cluster.regions as [Region];
    await this.client.call(first.server.address, "DELETE", `/collections/${collection}`);
  }

  /** Writes rows of the data from every region at once and waits until they are everywhere. Returns what covers them. */
  async fill(collection: string, from: number, to: number): Promise<SessionToken> {
    const { cluster, client } = this;
    let held: SessionToken = new Map();
    const bar = progressBar("loading", Math.ceil((to - from) / BATCH));
    let next = from;
    const loader = async ({ server }: Region): Promise<void> => {
      while (next < to) {
        const ids = Array.from({ length: Math.min(BATCH, to - next) }, (_, i) => next + i);
        next += ids.length;
        const points = ids.map((id) => ({ id, vector: rowOf(this.#data, id), payload: { turn: -1 } }));
        const path = `/collections/${collection}/points?wait=true`;
        held = mergeTokens(held, (await client.call(server.address, "PUT", path, { points })).token);
        bar.step();
      }
    };
    const loaders = Array.from({ length: LOADERS * cluster.regions.length }, (_, i) =>
      loader(cluster.regions[i % cluster.regions.length] as Region),
    );
    await within(PHASE_S_MAX, "loading", Promise.all(loaders));
    await this.untilEverywhere(`/collections/${collection}/points/${from}`, held);
    bar.stop();
    return held;
  }

  /** Asks each region for something that needs all of this, until all of them have answered. Returns the seconds. */
  async untilEverywhere(
    path: string,
    token: SessionToken,
    regions: readonly Region[] = this.cluster.regions,
  ): Promise<number> {
    const beganMs = performance.now();
    const asked = regions.map(async ({ server }) => {
      for (;;) {
        try {
          await this.client.call(
            server.address,
            "GET",
            `${path}${path.includes("?") ? "&" : "?"}timeout=60`,
            undefined,
            token,
          );
          return;
        } catch (error) {
          // not there yet, or not even listening
          if (performance.now() - beganMs > PHASE_S_MAX * 1_000) throw error;
          await after(POLL_MS);
        }
      }
    });
    await Promise.all(asked);
    return (performance.now() - beganMs) / 1_000;
  }

  async load(choices: LoadChoices): Promise<Load> {
    return new Load({
      ...choices,
      cluster: this.cluster,
      data: this.#data,
      replicaIds: await this.replicaIds(),
    });
  }

  async replicaIds(): Promise<Map<string, number>> {
    const ids = this.cluster.regions.map(async ({ name, server }) => {
      const { result } = await this.client.call(server.address, "GET", "/murmur/status");
      return [name, (result as { readonly replica_id: number }).replica_id] as const;
    });
    return new Map(await Promise.all(ids));
  }

  /** Bytes that the links between the regions have moved, in both directions. */
  linkBytes(): number {
    let bytes = 0;
    for (const from of NAMES) {
      for (const to of NAMES) {
        if (from === to) continue;
        const { toTarget, fromTarget } = this.cluster.link(from, to).counters().bytes;
        bytes += toTarget + fromTarget;
      }
    }
    return bytes;
  }

  /** A region loses its disk, is taken out of the cluster, and begins again with nothing under a new identity. */
  async replace(name: string): Promise<void> {
    const region = this.cluster.region(name);
    const id = (await this.replicaIds()).get(name);
    const other = this.cluster.regions.find((one) => one !== region) as Region;
    await region.server.kill();
    await this.client.call(other.server.address, "POST", `/murmur/cluster/members/${id}/evict`);
    rmSync(region.dataFolder, { recursive: true });
    await region.start();
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.cluster.stop();
  }
}
