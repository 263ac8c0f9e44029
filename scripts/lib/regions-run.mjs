import { atRate, httpClient, quantile } from "./regions-load.mjs";
import { liveTable, partedVerdict, phaseVerdict } from "./regions-print.mjs";
import { securedFindings } from "./regions-secure.mjs";
import { progressBar, say } from "./terminal.mjs";

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
/** Below this share of the rate that was asked for, the machine does not keep it. */
const RATE_KEPT = 0.9;

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
  #searching;
  #words;
  #cluster;
  #regions = new Map();
  #asked;

  constructor({ cluster, http, words, writes, queries }) {
    this.#asked = { writes, queries };
    this.#http = http;
    this.#words = words;
    this.#cluster = cluster;
    this.#searching = httpClient(cluster.trust);
    for (const [at, { name, server }] of cluster.regions.entries()) {
      this.#regions.set(name, {
        writes: atRate(writes, async (i) => {
          const answer = await this.#write(server.address, [this.#pointFor(at, i)]);
          if (answer.status !== 200) fail(answer, "an upsert");
        }),
        queries: atRate(queries, async (i) => {
          const query = { query: this.vectorOf(i * 31 + at), limit: 10 };
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
    return vectorOf(this.#words, row % this.#words.count);
  }

  /** A vector between that of a word and that of another: one that no point has had. */
  #between(row, turn) {
    const other = this.vectorOf(row + 7 * turn + 1);
    const share = 0.1 + (turn % 40) / 100;
    return this.vectorOf(row).map((value, d) => value * (1 - share) + other[d] * share);
  }

  /** What a region writes in its `i`th turn: by turns a new point, and one of its words with another vector, so that the graph changes. */
  #pointFor(at, i) {
    const turn = i >> 1;
    const row = (at + NAMES.length * turn) % this.#words.count;
    const isNew = i % 2 === 0;
    const id = isNew ? this.#words.count + at + NAMES.length * turn : row;
    return { id, vector: this.#between(row, turn), payload: { word: this.#words.words[row], turn: i } };
  }

  #write(address, points) {
    return this.#http.call(address, "PUT", `/collections/${COLLECTION}/points?wait=true`, { points });
  }

  /** Let the load run for a while, showing how it goes; `cut` is out of reach. Returns the figures by region. */
  async during(title, seconds, table, cut) {
    for (const { writes, queries } of this.#regions.values()) {
      writes.takeDurations();
      queries.takeDurations();
    }
    const before = new Map([...this.#regions].map(([name, { writes }]) => [name, writes.done()]));
    const beganMs = performance.now();
    const endMs = beganMs + seconds * 1_000;
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
        return {
          name,
          isCut: name === cut,
          writesPerSecond,
          queryMs: latest,
          digest: digests[at],
          behind: behind(digests, at),
        };
      });
      table.show(title, rows);
    }
    const tookS = (performance.now() - beganMs) / 1_000;
    return Object.fromEntries(
      NAMES.map((name) => {
        const { writes, queries } = this.#regions.get(name);
        const took = durations.get(name);
        const perSecond = { writes: (writes.done() - before.get(name)) / tookS, queries: took.length / tookS };
        return [
          name,
          {
            writes: writes.done() - before.get(name),
            writes_per_s: round(perSecond.writes),
            queries_per_s: round(perSecond.queries),
            keeps_rate: Object.entries(perSecond).every(([kind, rate]) => rate >= RATE_KEPT * this.#asked[kind]),
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

function vectorOf({ vectors, dimensions }, row) {
  return Array.from(vectors.subarray(row * dimensions, (row + 1) * dimensions));
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
async function loadWords(cluster, http, words, isQuiet) {
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
  const bar = await progressBar("loading", words.count);
  let [loaded, told] = [0, 0];
  await Promise.all(
    cluster.regions.map(async ({ server }, at) => {
      const rows = Array.from({ length: words.count }, (_, row) => row).filter((row) => row % NAMES.length === at);
      const loader = async () => {
        for (let some = rows.splice(0, BATCH); some.length > 0; some = rows.splice(0, BATCH)) {
          const points = some.map((row) => ({
            id: row,
            vector: vectorOf(words, row),
            payload: { word: words.words[row] },
          }));
          const path = `/collections/${COLLECTION}/points?wait=true`;
          const answer = await http.call(server.address, "PUT", path, { points });
          if (answer.status !== 200) fail(answer, "loading");
          loaded += points.length;
          bar.update(loaded);
          if (process.stderr.isTTY || isQuiet || loaded < told + words.count / 4) continue;
          told = loaded;
          say(`  ${loaded} of ${words.count} words`, { always: true });
        }
      };
      await Promise.all(Array.from({ length: LOADERS }, loader));
    }),
  );
  bar.stop();
  const loadedMs = performance.now() - began;
  await cluster.untilEqual(COLLECTION);
  return { loaded_s: round(loadedMs / 1_000), equal_after_s: round((performance.now() - began) / 1_000) };
}

const digestsOf = ({ points, points_digest, graph_digest }) => ({ points, points_digest, graph_digest });

/** The state that all regions have come to. */
const digestOfOne = (cluster) => cluster.digestOf(cluster.regions[0], COLLECTION);

/** The whole demonstration. Returns its figures. */
export async function runRegions({ RegionCluster, auditFindings, words, seconds, writes, queries, json, isSecured }) {
  const cluster = await RegionCluster.start({ names: NAMES, roundTripMs, isSecured, purpose: "regions", say });
  const http = httpClient(cluster.trust);
  const onSignal = () => void cluster.stop().then(() => process.exit(130));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  let load;
  try {
    if (!json) say("loading 10,000 words from all three regions at once", { always: true });
    const loading = await loadWords(cluster, http, words, json);
    const atFirst = await digestOfOne(cluster);
    const table = liveTable(json);
    load = new Load({ cluster, http, words, writes, queries });
    const together = await load.during("all three regions write and search", seconds, table);
    table.end(phaseVerdict(together, { writes, queries }));
    cluster.cut(CUT_OFF);
    const title = `${CUT_OFF} is cut off: both sides write and search`;
    const apart = await load.during(title, seconds, table, CUT_OFF);
    await load.stop();
    load = undefined;
    // those who reach each other come to the same; the one that is cut off has what they lack, and lacks what they have
    const reachable = cluster.regions.filter(({ name }) => name !== CUT_OFF);
    const there = await cluster.untilEqual(COLLECTION, reachable);
    const alone = await cluster.digestOf(cluster.region(CUT_OFF), COLLECTION);
    const parted = {
      has_parted: alone.points_digest !== there.points_digest && alone.graph_digest !== there.graph_digest,
      operations_missing_in_cut_off: behind([alone, there], 0),
      operations_missing_elsewhere: behind([alone, there], 1),
      cut_off: digestsOf(alone),
      others: digestsOf(there),
    };
    table.end([...phaseVerdict(apart, { writes, queries }), ...partedVerdict(CUT_OFF, parted)]);
    cluster.heal();
    const healed = performance.now();
    if (!json) say(`${CUT_OFF} is back`, { always: true });
    const digest = await cluster.untilEqual(COLLECTION);
    const equalAfterS = round((performance.now() - healed) / 1_000, 2);
    const hasMoved = digest.points_digest !== atFirst.points_digest && digest.graph_digest !== atFirst.graph_digest;

    let differing = 0;
    for (let i = 0; i < COMPARED_QUERIES; i++) {
      const row = (i * 199) % words.count;
      const vector = vectorOf(words, row);
      const answers = await cluster.answers(COLLECTION, { query: vector, limit: 10, with_payload: true });
      if (new Set(answers).size !== 1) differing++;
    }
    const written = Object.fromEntries(NAMES.map((name) => [name, together[name].writes + apart[name].writes]));
    const found = { cluster, auditFindings, collection: COLLECTION, vector: vectorOf(words, 0), written };
    const secured = isSecured ? { findings: await securedFindings(found) } : undefined;
    return {
      regions: NAMES,
      round_trips_ms: ROUND_TRIPS_MS,
      loading,
      together,
      apart: { cut_off: CUT_OFF, ...apart },
      parted,
      equal_after_heal_s: equalAfterS,
      digest,
      compared_answers: COMPARED_QUERIES,
      differing_answers: differing,
      has_moved: hasMoved,
      ...(secured === undefined ? {} : { secured }),
      equal: differing === 0 && hasMoved && parted.has_parted && (secured?.findings.length ?? 0) === 0,
    };
  } finally {
    await load?.stop();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    http.close();
    await cluster.stop();
  }
}
