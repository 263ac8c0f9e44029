import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { QdrantClient } from "@qdrant/js-client-rest";
import { benchFolder } from "./data.js";
import { type Benchmark, type BenchRow, progressBar, quantile, say, wallSeconds } from "./harness.js";
import { shortened } from "./numbers.js";
import { integerBelow } from "./random.js";
import { type ServerProcess, startServer } from "./server-process.js";
import { diskBytes } from "./service/kept.js";
import { COLLECTION } from "./service/load.js";
import { untilAtRest } from "./service/pace.js";
import { pointOf, rawBytes, type Shape, shapeOf } from "./service/shapes.js";

const SHAPE = "text";
const POINTS = 300_000;
const QUICK_POINTS = 3_000;
const BATCH = 200;
const K = 10;
const PAGES = 16;
const PAUSE_MS = 10;
const RETRY_MS = 20;
const START_SECONDS_MAX = 120;
const IDLE_QUERIES = 500;
const RAW_SAMPLE = 100;
/** Parts of the load after which the process is killed. */
const PARTS = 3;
const MS = 1_000;
const MIB = 2 ** 20;
const PICK = 70;

/** A server over one folder that is killed and started again, and the official client to whichever runs. */
class Service {
  readonly #folder: string;
  readonly #cli: string | undefined;
  #server: ServerProcess | undefined;
  #client: QdrantClient | undefined;
  /** Does it run? */
  isUp = false;

  constructor(folder: string, cli: string | undefined) {
    this.#folder = folder;
    this.#cli = cli;
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error("the server was not started");
    return this.#server;
  }

  get client(): QdrantClient {
    if (this.#client === undefined) throw new Error("the server was not started");
    return this.#client;
  }

  /** Seconds until it listens, and until `isAnswered` holds. */
  async start(isAnswered: (client: QdrantClient) => Promise<boolean>): Promise<number> {
    const start = wallSeconds();
    this.#server = await startServer({ folder: this.#folder, cli: this.#cli });
    const url = this.#server.address.href;
    this.#client = new QdrantClient({ url, checkCompatibility: false, timeout: START_SECONDS_MAX * MS });
    while (!(await isAnswered(this.client).catch(() => false))) {
      if (wallSeconds() - start > START_SECONDS_MAX) throw new Error("the server that was started does not answer");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.isUp = true;
    return wallSeconds() - start;
  }

  async kill(): Promise<void> {
    this.isUp = false;
    await this.server.kill();
  }

  /** Seconds that it takes. */
  async stop(): Promise<number> {
    this.isUp = false;
    const start = wallSeconds();
    await this.server.stop();
    return wallSeconds() - start;
  }
}

/** What a user asks for: text by a vector, of some pages only now and then. */
function question(shape: Shape, at: number) {
  const filter = { must: [{ key: "page", range: { lt: PAGES / 2 } }] };
  return {
    query: Array.from(shape.vectors.query(at), shortened),
    limit: K,
    with_payload: true,
    ...(integerBelow(10, at, PICK) < 3 ? { filter } : {}),
  };
}

/** Searches with payloads, one after the other, until told to stop. */
class Searches {
  readonly milliseconds: number[] = [];
  failedWhileUp = 0;
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(service: Service, shape: Shape) {
    this.#done = this.#run(service, shape);
  }

  async #run(service: Service, shape: Shape): Promise<void> {
    for (let at = 0; !this.#isOver; at++) {
      const { client, isUp } = service;
      const start = wallSeconds();
      try {
        await client.query(COLLECTION, question(shape, at));
        this.milliseconds.push((wallSeconds() - start) * MS);
      } catch {
        if (isUp && service.isUp && client === service.client) this.failedWhileUp++;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }
}

/** The ordinary collection of a user who has documents searched by meaning: loaded, searched meanwhile, killed, started again. */
export const ragBenchmark: Benchmark = {
  name: "rag",
  summary:
    "documents through the official client: searched while loading, killed with -9, started again; nothing may be lost",
  async run({ quick, points = quick ? QUICK_POINTS : POINTS, server: cli }) {
    const shape = shapeOf(SHAPE);
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "rag-"));
    const service = new Service(folder, cli);
    const rows: BenchRow[] = [];
    const note = (step: string, seconds: number, held: number, latencies: readonly number[] = []): void => {
      const at = (share: number) => (latencies.length === 0 ? Number.NaN : quantile(latencies, share));
      const resident_mib = service.isUp ? (service.server.memory()?.residentMib ?? Number.NaN) : Number.NaN;
      rows.push({
        step,
        points: held,
        seconds,
        searches: latencies.length,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        resident_mib,
      });
    };
    const count = async (): Promise<number> => (await service.client.count(COLLECTION, { exact: true })).count;
    const isFound = async (client: QdrantClient): Promise<boolean> =>
      (await client.query(COLLECTION, question(shape, 0))).points.length === K;
    try {
      await service.start(async (client) => (await client.getCollections()).collections.length === 0);
      const { client } = service;
      const { dimensions } = shape.vectors;
      await client.createCollection(COLLECTION, { vectors: { size: dimensions, distance: "Cosine" } });
      for (const [field_name, field_schema] of [
        ["source", "keyword"],
        ["page", "integer"],
      ] as const)
        await client.createPayloadIndex(COLLECTION, { field_name, field_schema, wait: true });
      const kills = Array.from({ length: PARTS - 1 }, (_, i) => Math.floor(((i + 1) * points) / PARTS));
      const searches = new Searches(service, shape);
      const [begun, bar] = [wallSeconds(), progressBar("loading documents", Math.ceil(points / BATCH))];
      let acknowledged = 0;
      try {
        while (acknowledged < points) {
          const end = Math.min(points, acknowledged + BATCH);
          const bodies = Array.from({ length: end - acknowledged }, (_, i) => {
            const { id, vector, payload } = pointOf(shape, acknowledged + i);
            return { id, vector: vector as number[], payload };
          });
          const written = service.client.upsert(COLLECTION, { wait: true, points: bodies });
          const [kill] = kills;
          if (kill !== undefined && end > kill) {
            kills.shift();
            // in the middle of a write
            const ended = written.then(
              () => true,
              () => false,
            );
            await service.kill();
            if (await ended) acknowledged = end;
            const seconds = await service.start(isFound);
            const held = await count();
            if (held < acknowledged) throw new Error(`${held} points after a kill, ${acknowledged} were acknowledged`);
            note("again after kill -9 while loading", seconds, held);
            continue;
          }
          await written;
          acknowledged = end;
          bar.step();
        }
      } finally {
        bar.stop();
        await searches.end();
      }
      if (searches.failedWhileUp > 0) throw new Error(`${searches.failedWhileUp} searches failed while the server ran`);
      const loadSeconds = wallSeconds() - begun;
      note("loaded", loadSeconds, await count(), searches.milliseconds);

      say("killed and started again");
      const answer = async (): Promise<string> =>
        JSON.stringify((await service.client.query(COLLECTION, question(shape, 1))).points);
      const before = await answer();
      await service.kill();
      note("again after kill -9", await service.start(isFound), await count());
      const isSameAfterKill = (await answer()) === before;
      await untilAtRest(service.server, START_SECONDS_MAX);
      const atRest = await answer();
      const idle: number[] = [];
      const idleStart = wallSeconds();
      for (let at = 0; at < IDLE_QUERIES; at++) {
        const start = wallSeconds();
        await service.client.query(COLLECTION, question(shape, at));
        idle.push((wallSeconds() - start) * MS);
      }
      note("searches alone", wallSeconds() - idleStart, await count(), idle);
      note("stopped", await service.stop(), points);
      note("again after a stop", await service.start(isFound), await count());
      if (!isSameAfterKill || (await answer()) !== atRest) throw new Error("a start has changed an answer");
      if ((await count()) !== points) throw new Error(`${await count()} points in the end, not ${points}`);
      await service.stop();
      const sample = Array.from({ length: RAW_SAMPLE }, (_, i) =>
        pointOf(shape, Math.floor((i * points) / RAW_SAMPLE)),
      );
      const raw = (points / RAW_SAMPLE) * sample.reduce((sum, point) => sum + rawBytes(shape, point), 0);
      const disk = diskBytes(folder);
      return {
        bench: "rag",
        params: { points, shape: SHAPE, batch: BATCH, kills: PARTS, made: shape.vectors.made },
        rows,
        ratios: { points_per_s: points / loadSeconds, disk_mib: disk / MIB, disk_over_raw: disk / raw },
      };
    } finally {
      if (service.isUp) await service.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
