import { mergeTokens, type SessionToken } from "@murmuration/core";
import type { Region, RegionCluster } from "@murmuration/test/regions";
import type { BenchData } from "../data.js";
import { RegionClient } from "./client.js";
import { Steady } from "./steady.js";

/** Seconds that a read waits for what it was asked to cover. */
const READ_TIMEOUT_S = 60;
/** One write in so many is followed to the other regions. */
const FOLLOWED_EVERY = 20;

export interface LoadOptions {
  readonly cluster: RegionCluster;
  readonly data: BenchData;
  readonly collection: string;
  /** Region → its replica. */
  readonly replicaIds: ReadonlyMap<string, number>;
  /** Points that the writes go round in. */
  readonly points: number;
  /** Of all regions together; single upserts. */
  readonly writesPerSecond: number;
  /** Of each region; 0: none. */
  readonly queriesPerSecond: number;
  /** Are writes followed to the other regions? */
  readonly isFollowed: boolean;
}

/** A write that a read in another region has shown: milliseconds from its acknowledgement to the answer. */
export interface Seen {
  readonly from: string;
  readonly to: string;
  readonly ms: number;
}

/** What a load has come to since it was asked last. */
export interface LoadFigures {
  readonly writes: number;
  /** Milliseconds that writes took. */
  readonly writeMs: readonly number[];
  readonly queryMs: ReadonlyMap<string, readonly number[]>;
  readonly seen: readonly Seen[];
}

/** The vector of a row of the data, as JSON takes it. */
export function rowOf({ base, dimensions }: BenchData, row: number): number[] {
  return Array.from(base.subarray(row * dimensions, (row + 1) * dimensions));
}

/** Clients that write and search in every region at once, at fixed rates. */
export class Load {
  readonly #options: LoadOptions;
  /** Connections of each kind of request: none waits for one that another kind holds. */
  readonly #clients = { writing: new RegionClient(), searching: new RegionClient(), following: new RegionClient() };
  readonly #writers: readonly Steady[];
  readonly #searchers: ReadonlyMap<string, Steady>;
  readonly #following = new Set<Promise<void>>();
  #seen: Seen[] = [];
  #acknowledged: SessionToken = new Map();
  #failure: unknown;
  #isFollowed: boolean;

  constructor(options: LoadOptions) {
    const { cluster, writesPerSecond, queriesPerSecond } = options;
    this.#options = options;
    this.#isFollowed = options.isFollowed;
    const { regions } = cluster;
    this.#writers = regions.map(
      (region, at) => new Steady(writesPerSecond / regions.length, (turn) => this.#write(region, at, turn)),
    );
    this.#searchers = new Map(
      (queriesPerSecond === 0 ? [] : regions).map((region) => [
        region.name,
        new Steady(queriesPerSecond, (turn) => this.#search(region, turn)),
      ]),
    );
  }

  /** What covers every write acknowledged so far. */
  get acknowledged(): SessionToken {
    return this.#acknowledged;
  }

  /** Takes the figures since the last call. Throws what a request has failed with. */
  take(): LoadFigures {
    const failed = [...this.#writers, ...this.#searchers.values()].find((one) => one.failed > 0);
    if (failed !== undefined) throw failed.lastError;
    if (this.#failure !== undefined) throw this.#failure;
    const writeMs = this.#writers.flatMap((writer) => writer.takeDurations());
    const queryMs = new Map([...this.#searchers].map(([name, searcher]) => [name, searcher.takeDurations()]));
    const seen = this.#seen;
    this.#seen = [];
    return { writes: writeMs.length, writeMs, queryMs, seen };
  }

  /** Follows no more writes, and waits until those that are followed have been seen: before a region is cut off. */
  async followNoMore(): Promise<void> {
    this.#isFollowed = false;
    await Promise.all(this.#following);
  }

  /** Starts nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    await Promise.all([...this.#writers, ...this.#searchers.values()].map((one) => one.stop()));
    await Promise.all(this.#following);
    for (const client of Object.values(this.#clients)) client.close();
  }

  async #write(region: Region, at: number, turn: number): Promise<void> {
    const { cluster, data, collection, points } = this.#options;
    // each region writes points of its own, with vectors that move from turn to turn
    const id = (turn * cluster.regions.length + at) % points;
    const vector = rowOf(data, (id + turn) % data.baseCount);
    const body = { points: [{ id, vector, payload: { turn } }] };
    const path = `/collections/${collection}/points?wait=true`;
    const { token } = await this.#clients.writing.call(region.server.address, "PUT", path, body);
    this.#acknowledged = mergeTokens(this.#acknowledged, token);
    if (this.#isFollowed && turn % FOLLOWED_EVERY === 0) this.#follow(region, id, turn, token);
  }

  async #search({ server }: Region, turn: number): Promise<void> {
    const { data, collection } = this.#options;
    const query = Array.from(data.queries[turn % data.queries.length] as Float32Array);
    const path = `/collections/${collection}/points/query`;
    await this.#clients.searching.call(server.address, "POST", path, { query, limit: 10 });
  }

  /** Reads the point in each other region, which answers as soon as it has what this region wrote up to here. */
  #follow(from: Region, id: number, turn: number, token: SessionToken): void {
    const ackedMs = performance.now();
    const wanted = ofOrigin(token, this.#options.replicaIds.get(from.name));
    for (const to of this.#options.cluster.regions) {
      if (to === from) continue;
      const reading = this.#read(to, id, turn, wanted).then(
        () => void this.#seen.push({ from: from.name, to: to.name, ms: performance.now() - ackedMs }),
        (error: unknown) => {
          this.#failure = error;
        },
      );
      this.#following.add(reading);
      void reading.then(() => this.#following.delete(reading));
    }
  }

  async #read({ server }: Region, id: number, turn: number, wanted: SessionToken): Promise<void> {
    const { collection } = this.#options;
    const path = `/collections/${collection}/points/${id}?timeout=${READ_TIMEOUT_S}`;
    const { result } = await this.#clients.following.call(server.address, "GET", path, undefined, wanted);
    const shown = (result as { readonly payload?: { readonly turn?: number } }).payload?.turn ?? -1;
    if (shown < turn) throw new Error(`point ${id} is of turn ${shown} where turn ${turn} was promised`);
  }
}

/** The part of a token that one replica has written. */
function ofOrigin(token: SessionToken, origin: number | undefined): SessionToken {
  return new Map(
    [...token].map(([shard, vector]) => [shard, new Map([...vector].filter(([replica]) => replica === origin))]),
  );
}
