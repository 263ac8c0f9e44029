import { atRate, httpClient, quantile } from "./regions-load.mjs";
import { liveTable } from "./regions-print.mjs";
import { say } from "./terminal.mjs";

const COLLECTION = "words";
const NAMES = ["eu", "us", "ap"];
/** As between Frankfurt, Virginia and Singapore, about. */
const ROUND_TRIPS_MS = { "eu us": 80, "ap us": 250, "ap eu": 150 };
const CUT_OFF = "ap";
const BATCH = 100;
const LOADERS = 4;
const COMPARED_QUERIES = 50;
const SHOWN_EVERY_MS = 500;
/** A digest is made anew for each question: not with every line of the table. */
const DIGESTS_EVERY_MS = 2_000;

const roundTripMs = (a, b) => ROUND_TRIPS_MS[[a, b].sort().join(" ")];
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const round = (value, decimals = 1) => (value === undefined ? undefined : Number(value.toFixed(decimals)));

function fail({ status, error }, what) {
  throw new Error(`${what}: the server answered ${status}${error === undefined ? "" : `: ${error}`}`);
}

/** Load with its figures: writes and searches in every region at once. */
class Load {
  #http;
  /** Connections of their own: a search does not wait for one that a write holds. */
  #searching = httpClient();
  #words;
  #cluster;
  #regions = new Map();

  constructor({ cluster, http, words, writes, queries }) {
    this.#http = http;
    this.#words = words;
    this.#cluster = cluster;
    for (const [at, { name, server }] of cluster.regions.entries()) {
      // each region updates a third of the words, and searches for the others
      const own = (i) => (at + NAMES.length * i) % words.count;
      this.#regions.set(name, {
        writes: atRate(writes, async (i) => {
          const answer = await this.#write(server.address, [this.point(own(i), { turn: i })]);
          if (answer.status !== 200) fail(answer, "an upsert");
        }),
        queries: atRate(queries, async (i) => {
          const query = { query: this.vectorOf((i * 31 + at) % words.count), limit: 10 };
          const answer = await this.#searching.call(
            server.address,
            "POST",
            `/collections/${COLLECTION}/points/query`,
            query,
          );
          if (answer.status !== 200) fail(answer, "a search");
        }),
      });
    }
  }

  vectorOf(row) {
    const { vectors, dimensions } = this.#words;
    return Array.from(vectors.subarray(row * dimensions, (row + 1) * dimensions));
  }

  point(row, payload = {}) {
    return { id: row, vector: this.vectorOf(row), payload: { word: this.#words.words[row], ...payload } };
  }

  #write(address, points) {
    return this.#http.call(address, "PUT", `/collections/${COLLECTION}/points?wait=true`, { points });
  }

  /** Let the load run for a while, showing how it goes. Returns the figures by region. */
  async during(title, seconds, table) {
    for (const { writes, queries } of this.#regions.values()) {
      writes.takeDurations();
      queries.takeDurations();
    }
    const before = new Map([...this.#regions].map(([name, { writes }]) => [name, writes.done()]));
    const endMs = performance.now() + seconds * 1_000;
    const durations = new Map(NAMES.map((name) => [name, []]));
    let [digests, digestsAtMs] = [[], 0];
    for (let last = performance.now(); performance.now() < endMs; last = performance.now()) {
      await after(SHOWN_EVERY_MS);
      if (performance.now() - digestsAtMs > DIGESTS_EVERY_MS) {
        digests = await this.digests();
        digestsAtMs = performance.now();
      }
      const rows = NAMES.map((name, at) => {
        const region = this.#regions.get(name);
        const latest = region.queries.takeDurations();
        durations.get(name).push(...latest);
        const writesPerSecond = (region.writes.takeDurations().length * 1_000) / (performance.now() - last);
        return { name, writesPerSecond, queryMs: latest, digest: digests[at], behind: behind(digests, at) };
      });
      table.show(title, rows);
    }
    return Object.fromEntries(
      NAMES.map((name) => {
        const { writes, queries } = this.#regions.get(name);
        const took = durations.get(name);
        return [
          name,
          {
            writes: writes.done() - before.get(name),
            failed: writes.failed() + queries.failed(),
            ...(writes.lastError() === undefined ? {} : { why: writes.lastError().message }),
            query_p50_ms: round(quantile(took, 0.5)),
            query_p99_ms: round(quantile(took, 0.99)),
          },
        ];
      }),
    );
  }

  digests() {
    return Promise.all(this.#cluster.regions.map((region) => this.#cluster.digestOf(region, COLLECTION)));
  }

  async stop() {
    for (const { writes, queries } of this.#regions.values()) await Promise.all([writes.stop(), queries.stop()]);
    this.#searching.close();
  }
}

/** Operations that another region holds and this one does not. */
function behind(digests, at) {
  const own = digests[at]?.frontier ?? {};
  const known = {};
  for (const digest of digests) {
    for (const [origin, sequence] of Object.entries(digest?.frontier ?? {})) {
      known[origin] = Math.max(known[origin] ?? 0, sequence);
    }
  }
  return Object.entries(known).reduce((sum, [origin, sequence]) => sum + sequence - (own[origin] ?? 0), 0);
}

/** Every region writes its third of the words, all at the same time. */
async function loadWords(cluster, http, words) {
  const vectorOf = (row) => Array.from(words.vectors.subarray(row * words.dimensions, (row + 1) * words.dimensions));
  const [first] = cluster.regions;
  const made = await http.call(first.server.address, "PUT", `/collections/${COLLECTION}`, {
    vectors: { size: words.dimensions, distance: "Cosine" },
  });
  if (made.status !== 200) fail(made, "making the collection");
  for (const { server } of cluster.regions) {
    const path = `/collections/${COLLECTION}`;
    while ((await http.call(server.address, "GET", path)).status !== 200) await after(10);
  }
  const began = performance.now();
  await Promise.all(
    cluster.regions.map(async ({ server }, at) => {
      const rows = Array.from({ length: words.count }, (_, row) => row).filter((row) => row % NAMES.length === at);
      const loader = async () => {
        for (let some = rows.splice(0, BATCH); some.length > 0; some = rows.splice(0, BATCH)) {
          const points = some.map((row) => ({ id: row, vector: vectorOf(row), payload: { word: words.words[row] } }));
          const path = `/collections/${COLLECTION}/points?wait=true`;
          const answer = await http.call(server.address, "PUT", path, { points });
          if (answer.status !== 200) fail(answer, "loading");
        }
      };
      await Promise.all(Array.from({ length: LOADERS }, loader));
    }),
  );
  const loadedMs = performance.now() - began;
  await cluster.untilEqual(COLLECTION);
  return { loaded_s: round(loadedMs / 1_000), equal_after_s: round((performance.now() - began) / 1_000) };
}

/** The whole demonstration. Returns its figures. */
export async function runRegions({ RegionCluster, words, seconds, writes, queries, json }) {
  const http = httpClient();
  const cluster = await RegionCluster.start({ names: NAMES, roundTripMs, purpose: "regions", say });
  const onSignal = () => void cluster.stop().then(() => process.exit(130));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  let load;
  try {
    say("loading 10,000 words from all three regions at once");
    const loading = await loadWords(cluster, http, words);
    const table = liveTable(json);
    load = new Load({ cluster, http, words, writes, queries });
    const together = await load.during("all three regions write and search", seconds, table);
    cluster.cut(CUT_OFF);
    const apart = await load.during(`${CUT_OFF} is cut off: both sides write and search`, seconds, table);
    const behindBefore = behind(await load.digests(), NAMES.indexOf(CUT_OFF));
    cluster.heal();
    const healed = performance.now();
    await load.stop();
    load = undefined;
    table.end();
    const digest = await cluster.untilEqual(COLLECTION);
    const equalAfterS = round((performance.now() - healed) / 1_000, 2);

    let differing = 0;
    for (let i = 0; i < COMPARED_QUERIES; i++) {
      const row = (i * 199) % words.count;
      const vector = Array.from(words.vectors.subarray(row * words.dimensions, (row + 1) * words.dimensions));
      const answers = await cluster.answers(COLLECTION, { query: vector, limit: 10, with_payload: true });
      if (new Set(answers).size !== 1) differing++;
    }
    return {
      regions: NAMES,
      round_trips_ms: ROUND_TRIPS_MS,
      loading,
      together,
      apart: { cut_off: CUT_OFF, ...apart },
      operations_behind_when_healed: behindBefore,
      equal_after_heal_s: equalAfterS,
      digest,
      compared_answers: COMPARED_QUERIES,
      differing_answers: differing,
      equal: differing === 0,
    };
  } finally {
    await load?.stop();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    http.close();
    await cluster.stop();
  }
}
