import { setTimeout as after } from "node:timers/promises";
import { readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, quantile, say } from "./harness.js";
import { within } from "./regions/deadline.js";
import type { Load, LoadFigures, Seen } from "./regions/load.js";
import { BenchRegions, NAMES, ROUND_TRIPS_MS } from "./regions/session.js";

/** Single upserts of all regions together, and searches of each. */
const WRITES_PER_S = 500;
const QUERIES_PER_S = 100;
const COLLECTION = "words";
/** First of the points that are written in batches, behind those that single upserts reach. */
const BATCHED_FROM = 50_000;
const CUT_OFF = "ap";
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** What a load has under way when it ends. */
const DRAIN_S_MAX = 120;
const CATCH_UP_S_MAX = 120;
const BOOTSTRAP_S_MAX = 300;

interface Plan {
  /** Points before anything is measured. */
  readonly basePoints: number;
  readonly warmUpS: number;
  readonly togetherS: number;
  readonly encodingS: number;
  readonly batchedPoints: number;
  readonly cutS: number;
  readonly bootstrapPoints: number;
}

const WHOLE: Plan = {
  basePoints: 10_000,
  warmUpS: 5,
  togetherS: 30,
  encodingS: 10,
  batchedPoints: 10_000,
  cutS: 60,
  bootstrapPoints: 100_000,
};
const QUICK: Plan = {
  basePoints: 2_000,
  warmUpS: 2,
  togetherS: 5,
  encodingS: 2,
  batchedPoints: 1_000,
  cutS: 10,
  bootstrapPoints: 10_000,
};

/** Lets a load run for a while. Returns its figures of that time. */
async function during(load: Load, seconds: number): Promise<LoadFigures> {
  load.take();
  await after(seconds * 1_000);
  return load.take();
}

function queryP99(figures: LoadFigures, regions: readonly string[] = NAMES): number {
  return Math.max(...regions.map((name) => quantile(figures.queryMs.get(name) ?? [], 0.99)));
}

function queryQuantile(figures: LoadFigures, share: number): number {
  return quantile([...figures.queryMs.values()].flat(), share);
}

/** How soon writes are seen over each link, in either direction, and how its two regions answer meanwhile. */
function visibilityRows(figures: LoadFigures): BenchRow[] {
  return Object.entries(ROUND_TRIPS_MS).map(([ends, roundTripMs]) => {
    const pair = ends.split(" ");
    const of = ({ from, to }: Seen) => pair.includes(from) && pair.includes(to);
    const ms = figures.seen.filter(of).map((seen) => seen.ms);
    return {
      phase: "together",
      round_trip_ms: roundTripMs,
      visible_p50_ms: quantile(ms, 0.5),
      visible_p99_ms: quantile(ms, 0.99),
      query_p99_ms: queryP99(figures, pair),
      writes_followed: ms.length,
    };
  });
}

/**
 * What the links carry per upsert and receiver when nothing else happens: single upserts at the full rate, and as many at once as the
 * regions take, a hundred to a request.
 */
async function bytesPerUpsert(regions: BenchRegions, seconds: number, batchedPoints: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const idleBefore = regions.linkBytes();
  await after(seconds * 1_000);
  const idleBytesPerSecond = (regions.linkBytes() - idleBefore) / seconds;
  for (const encoding of ["f32", "f16", "sq8"] as const) {
    const collection = `words-${encoding}`;
    await regions.create(collection, encoding);
    const before = regions.linkBytes();
    const load = await regions.load({
      collection,
      points: 1_000_000,
      writesPerSecond: WRITES_PER_S,
      queriesPerSecond: 0,
      isFollowed: false,
    });
    await after(seconds * 1_000);
    await within(DRAIN_S_MAX, "answering the last writes", load.stop());
    const { writes, writeMs } = load.take();
    await regions.untilEverywhere(`/collections/${collection}/points/0`, load.acknowledged);
    const receivers = NAMES.length - 1;
    const bytes = (regions.linkBytes() - before) / (writes * receivers);
    const batchedBefore = regions.linkBytes();
    await regions.fill(collection, BATCHED_FROM, BATCHED_FROM + batchedPoints);
    rows.push({
      phase: "bytes",
      encoding,
      bytes_per_upsert: bytes,
      bytes_per_upsert_batched: (regions.linkBytes() - batchedBefore) / (batchedPoints * receivers),
      writes,
      write_p99_ms: quantile(writeMs, 0.99),
      idle_bytes_per_s: idleBytesPerSecond,
    });
    await regions.drop(collection);
  }
  return rows;
}

/** Cuts a region off under load and heals it. */
async function cutAndHeal(regions: BenchRegions, load: Load, together: LoadFigures, seconds: number) {
  const { cluster } = regions;
  await load.followNoMore();
  cluster.cut(CUT_OFF);
  const apart = await during(load, seconds);
  cluster.heal();
  const catchUpS = await within(
    CATCH_UP_S_MAX,
    "catching up",
    regions.untilEverywhere(`/collections/${COLLECTION}/points/0`, load.acknowledged),
  );
  const ratio = (share: number) => queryQuantile(apart, share) / queryQuantile(together, share);
  return { catchUpS, apart, ratioP50: ratio(0.5), ratioP99: ratio(0.99) };
}

/** Three regions on this machine, as far apart as continents: what clients of each see while the others write. */
export const regionsBenchmark: Benchmark = {
  name: "regions",
  summary:
    "three regions over NATS: how soon writes are seen elsewhere, catch-up after a cut, bootstrap, bytes per upsert",
  async run({ quick }) {
    const data = readBenchData();
    const plan = quick ? QUICK : WHOLE;
    const rows: BenchRow[] = [];
    const ratios: { [name: string]: number } = {};
    say("starting three regions");
    const regions = await BenchRegions.start(data);
    const onSignal = () => void regions.stop().then(() => process.exit(130));
    for (const signal of SIGNALS) process.once(signal, onSignal);
    try {
      say("bytes by encoding");
      for (const row of await bytesPerUpsert(regions, plan.encodingS, plan.batchedPoints)) {
        rows.push(row);
        for (const figure of ["bytes_per_upsert", "bytes_per_upsert_batched"])
          ratios[`${figure}_${row["encoding"]}`] = row[figure] as number;
      }

      await regions.create(COLLECTION, "f32");
      await regions.fill(COLLECTION, 0, plan.basePoints);
      say(`${WRITES_PER_S} writes/s together and ${QUERIES_PER_S} queries/s each`);
      const load = await regions.load({
        collection: COLLECTION,
        points: plan.basePoints,
        writesPerSecond: WRITES_PER_S,
        queriesPerSecond: QUERIES_PER_S,
        isFollowed: true,
      });
      try {
        await after(plan.warmUpS * 1_000);
        const together = await during(load, plan.togetherS);
        for (const row of visibilityRows(together)) {
          rows.push(row);
          for (const figure of ["visible_p50_ms", "visible_p99_ms", "query_p99_ms"])
            ratios[`${figure}_${row["round_trip_ms"]}`] = row[figure] as number;
        }
        rows.push({
          phase: "together",
          query_p50_ms: queryQuantile(together, 0.5),
          query_p99_ms: queryQuantile(together, 0.99),
          writes: together.writes,
          write_p99_ms: quantile(together.writeMs, 0.99),
        });

        say(`${CUT_OFF} is cut off for ${plan.cutS} s`);
        const cut = await cutAndHeal(regions, load, together, plan.cutS);
        rows.push({
          phase: "cut off",
          query_p50_ms: queryQuantile(cut.apart, 0.5),
          query_p99_ms: queryQuantile(cut.apart, 0.99),
          writes: cut.apart.writes,
          catch_up_s: cut.catchUpS,
        });
        ratios["catch_up_s"] = cut.catchUpS;
        ratios["query_ratio_cut_p50"] = cut.ratioP50;
        ratios["query_ratio_cut_p99"] = cut.ratioP99;
      } finally {
        await within(DRAIN_S_MAX, "answering the last requests", load.stop());
      }

      say(`bootstrap of ${plan.bootstrapPoints} vectors`);
      const held = await regions.fill(COLLECTION, plan.basePoints, plan.bootstrapPoints);
      const beganMs = performance.now();
      await regions.replace(CUT_OFF);
      const joining = [regions.cluster.region(CUT_OFF)];
      await within(
        BOOTSTRAP_S_MAX,
        "the bootstrap",
        regions.untilEverywhere(`/collections/${COLLECTION}/points/0`, held, joining),
      );
      const bootstrapS = (performance.now() - beganMs) / 1_000;
      rows.push({ phase: "bootstrap", points: plan.bootstrapPoints, bootstrap_s: bootstrapS });
      ratios["bootstrap_s"] = bootstrapS;
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      await regions.stop();
    }
    return {
      bench: "regions",
      params: {
        writesPerSecond: WRITES_PER_S,
        queriesPerSecondEach: QUERIES_PER_S,
        basePoints: plan.basePoints,
        cutSeconds: plan.cutS,
        bootstrapPoints: plan.bootstrapPoints,
        dimensions: data.dimensions,
        clock: "wall",
        source: data.source,
      },
      rows,
      ratios,
    };
  },
};
