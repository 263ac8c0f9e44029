import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { freePort } from "@murmuration/server/testing";
import { benchFolder, readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, median, progressBar, quantile, wallSeconds } from "./harness.js";
import { type ServerProcess, startServer } from "./server-process.js";
import { Follower } from "./service/follower.js";

const PER_SECOND = 2_000;
const BATCH = 20;
const CLIENTS = 100;
/** Writes that nobody has answered yet, at most; beyond it whoever writes waits. */
const UNANSWERED_MAX = 16;
const SETTLE_MS_MAX = 120_000;
const COLLECTION = "/collections/words";
const PATH = `/murmur${COLLECTION}/changes?with_payload=true`;

/** What writes points at a steady rate, whatever becomes of the server: what is not acknowledged is written again. */
class Writer {
  readonly #vectorOf: (row: number) => number[];
  #next = 0;
  acknowledged = 0;
  /** Milliseconds of each answer. */
  tookMs: number[] = [];

  constructor(vectorOf: (row: number) => number[]) {
    this.#vectorOf = vectorOf;
  }

  /** Writes for so long; resolves when all that was begun is acknowledged. `server`: the one that runs, asked for each try. */
  async run(seconds: number, perSecond: number, server: () => ServerProcess | undefined): Promise<void> {
    const began = wallSeconds();
    const underWay = new Set<Promise<void>>();
    for (let due = 0; due < seconds; due += BATCH / perSecond) {
      const waitMs = (began + due - wallSeconds()) * 1000;
      if (waitMs > 0) await after(waitMs);
      while (underWay.size >= UNANSWERED_MAX) await Promise.race(underWay);
      const one = this.#write(server).finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.all(underWay);
  }

  async #write(server: () => ServerProcess | undefined): Promise<void> {
    const points = Array.from({ length: BATCH }, (_, at) => {
      const id = this.#next + at;
      return { id, vector: this.#vectorOf(id), payload: { city: `city ${id % 100}`, number: id } };
    });
    this.#next += BATCH;
    const beganMs = performance.now();
    for (;;) {
      try {
        const to = server();
        if (to === undefined) throw new Error("it does not run");
        await to.call("PUT", `${COLLECTION}/points?wait=true`, { points });
        this.acknowledged += BATCH;
        this.tookMs.push(performance.now() - beganMs);
        return;
      } catch {
        await after(50);
      }
    }
  }
}

interface Sample {
  readonly writingMicroseconds: number;
  readonly processMicroseconds: number;
  readonly perSecond: number;
  readonly medianMs: number;
}

/** Writes for so long at a pace, and says what each point took. */
async function sampled(
  server: ServerProcess,
  vectorOf: (row: number) => number[],
  seconds: number,
  perSecond: number,
): Promise<Sample> {
  const writer = new Writer(vectorOf);
  const [writing, all, began] = [server.writingCpuSeconds() ?? 0, server.processCpuSeconds() ?? 0, wallSeconds()];
  await writer.run(seconds, perSecond, () => server);
  const took = wallSeconds() - began;
  return {
    writingMicroseconds: (((server.writingCpuSeconds() ?? 0) - writing) / writer.acknowledged) * 1e6,
    processMicroseconds: (((server.processCpuSeconds() ?? 0) - all) / writer.acknowledged) * 1e6,
    perSecond: writer.acknowledged / took,
    medianMs: median(writer.tookMs),
  };
}

/** Resolves when nobody is told anything any more, or it takes too long. */
async function settled(followers: readonly Follower[], operations: () => number): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS_MAX;
  while (performance.now() < untilMs) {
    if (followers.every((one) => one.operations >= operations())) return;
    await after(100);
  }
}

/** Do clients that follow see everything once, whatever becomes of the server; and what does that cost those that write? */
export const changesBenchmark: Benchmark = {
  name: "changes",
  summary:
    "100 clients follow 2,000 writes/s, over a kill -9: does each see every operation once; processor time of the threads that write, and rate, with over without clients, in turns",
  async run({ quick, points, server: cli }) {
    const data = readBenchData();
    const clients = points ?? CLIENTS;
    const seconds = quick ? 10 : 60;
    const rounds = quick ? 3 : 5;
    const roundSeconds = quick ? 3 : 6;
    const rows = data.base.length / data.dimensions;
    const vectorOf = (row: number) => {
      const at = (row % rows) * data.dimensions;
      return Array.from(data.base.subarray(at, at + data.dimensions));
    };
    mkdirSync(benchFolder, { recursive: true });
    const folder = mkdtempSync(join(benchFolder, "changes-"));
    const port = await freePort();
    const start = () => startServer({ cli, folder, args: ["--port", String(port)] });
    let server: ServerProcess | undefined = await start();
    const address = server.address;
    const table: BenchRow[] = [];
    const followers: Follower[] = [];
    try {
      await server.call("PUT", COLLECTION, { vectors: { size: data.dimensions, distance: "Cosine" } });
      for (let i = 0; i < clients; i++) followers.push(new Follower(`${PATH}&from=start`, () => address));
      const writer = new Writer(vectorOf);
      const writing = writer.run(seconds, PER_SECOND, () => server);
      await after((seconds / 2) * 1000);
      const running = server;
      server = undefined;
      await running.kill();
      server = await start();
      await writing;
      const reference = new Follower(`${PATH}&from=start`, () => address);
      followers.push(reference);
      // what was written is what the log says from its first operation on
      await settled([reference], () => writer.acknowledged);
      await after(1_000);
      await settled(followers, () => reference.operations);
      const missed = followers.filter((one) => one.operations !== reference.operations).length;
      const twice = followers.reduce((sum, one) => sum + one.twice, 0);
      const memory = server.memory();
      table.push({
        part: "delivery",
        clients,
        acknowledged: writer.acknowledged,
        operations: reference.operations,
        "clients that miss any": missed,
        "seen twice": twice,
        "MB sent": Math.round(followers.reduce((sum, one) => sum + one.bytes, 0) / 1e6),
        "p99 ms": Math.round(quantile(writer.tookMs, 0.99)),
        "resident MiB": Math.round(memory?.residentMib ?? 0),
      });
      for (const one of followers.splice(0)) one.close();

      const [without, beside]: [Sample[], Sample[]] = [[], []];
      const bar = progressBar("changes", 2 * rounds);
      for (let round = 0; round < 2 * rounds; round++) {
        // which goes first changes from pair to pair
        const follows = (round + (round >> 1)) % 2 === 1;
        if (follows) {
          for (let i = 0; i < clients; i++) followers.push(new Follower(PATH, () => address));
          while (followers.some(({ connections }) => connections === 0)) await after(20);
        }
        const sample = await sampled(server, vectorOf, roundSeconds, PER_SECOND);
        (follows ? beside : without).push(sample);
        for (const one of followers.splice(0)) one.close();
        await after(500);
        bar.step();
      }
      bar.stop();
      const of = (samples: readonly Sample[], read: (sample: Sample) => number) => median(samples.map(read));
      for (const [part, samples] of [
        ["alone", without],
        ["followed", beside],
      ] as const) {
        table.push({
          part,
          clients: part === "alone" ? 0 : clients,
          "writes/s": Math.round(of(samples, ({ perSecond }) => perSecond)),
          "µs of writing threads": Math.round(of(samples, ({ writingMicroseconds }) => writingMicroseconds)),
          "µs of the process": Math.round(of(samples, ({ processMicroseconds }) => processMicroseconds)),
          "median ms": Math.round(of(samples, ({ medianMs }) => medianMs) * 10) / 10,
        });
      }
      const ratio = (read: (sample: Sample) => number) =>
        median(beside.map((sample, i) => read(sample) / read(without[i] as Sample)));
      return {
        bench: "changes",
        params: {
          clients,
          perSecond: PER_SECOND,
          batch: BATCH,
          seconds,
          rounds,
          roundSeconds,
          dimensions: data.dimensions,
        },
        rows: table,
        ratios: {
          clientsThatMissAny: missed,
          seenTwice: twice,
          writingCpu: ratio(({ writingMicroseconds }) => writingMicroseconds),
          rate: ratio(({ perSecond }) => perSecond),
          processCpu: ratio(({ processMicroseconds }) => processMicroseconds),
          latency: ratio(({ medianMs }) => medianMs),
        },
      };
    } finally {
      for (const one of followers) one.close();
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
