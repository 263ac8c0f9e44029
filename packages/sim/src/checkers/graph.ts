import { type Batch, decodeBatchOperations, ReadsHere, type Replica } from "@murmuration/core";
import { comparePointIds, decodeGraphDelta, isDense } from "@murmuration/index";
import { collectionName } from "../commands.js";
import { Violated } from "./checker.js";

/** Rules that hold of every graph at every moment. */
export function checkGraphRules(replica: Replica): void {
  for (const { shard, indexes } of replica.writableShards()) {
    if (shard.purgedLiveLinks > 0) {
      throw new Violated("graph", `replica ${replica.id}: a purge cut ${shard.purgedLiveLinks} links of live nodes`, {
        nodes: [replica.id],
      });
    }
    for (const index of indexes.values()) {
      const missedAdds = index.links?.counters().missedAdds ?? 0;
      if (missedAdds > 0)
        throw new Violated("graph", `replica ${replica.id}: ${missedAdds} links to nodes that are gone`, {
          nodes: [replica.id],
        });
    }
  }
}

/**
 * While there is a live node, a new one finds a neighbour (docs/graph-delta.md, rule 5): of the vectors that a command inserts, each has one
 * after those of other points that the command has given such a vector, however many planners looked for them at once.
 */
export function checkInserts(replica: Replica, written: readonly Batch[]): void {
  // by vector name: the points that have one, as far as this command says
  const live = new Map<string, Set<string>>();
  for (const operation of written.flatMap((batch) => decodeBatchOperations(batch))) {
    if (operation.kind !== "upsert" && operation.kind !== "update-vectors") continue;
    const { origin, sequence } = operation;
    const id = String(operation.id);
    // an upsert takes what it does not name, and an older version is none to link to
    for (const [name, ids] of live) {
      const isNamed = operation.vectors.some((vector) => vector.name === name);
      if (operation.kind === "upsert" || isNamed) ids.delete(id);
    }
    for (const { name, delta, values } of operation.vectors) {
      if (!isDense(values)) continue;
      const [base = []] = decodeGraphDelta({ origin, sequence }, delta);
      if (base.length === 0 && (live.get(name)?.size ?? 0) > 0) {
        throw new Violated("insert", `the vector of ${origin}:${sequence} has no neighbour`, {
          nodes: [replica.id],
          points: [id],
        });
      }
    }
    for (const { name } of [...operation.vectors, ...operation.kept])
      live.set(name, (live.get(name) ?? new Set()).add(id));
  }
}

/** What holds of a graph that has come to rest. */
export function checkGraphAtRest(replica: Replica): void {
  const { shard, indexes } =
    [...replica.writableShards()].find((one) => one.shard.collection.name === collectionName) ?? {};
  if (shard === undefined || indexes === undefined) return;
  const fail = (detail: string): never => {
    throw new Violated("at rest", `replica ${replica.id}: ${detail}`, { nodes: [replica.id] });
  };
  for (const [vector, report] of Object.entries(replica.validate(collectionName))) {
    const where = vector === "" ? "" : `vector "${vector}": `;
    const [violation] = report.violations;
    if (violation !== undefined)
      fail(`${where}${violation.rule} at slot ${violation.slot}/${violation.level}: ${violation.detail}`);
    if (report.unreachable > 0) fail(`${where}${report.unreachable} live nodes are not reachable`);
    if (report.dead > 0) fail(`${where}${report.dead} dead nodes are not purged`);
  }
  if (shard.windows.isOpen()) fail("a stitch window is open");
  for (const index of indexes.values()) {
    const storedTags = index.links?.counters().storedTags ?? 0;
    if (storedTags > 0) fail(`${storedTags} tags are stored`);
    if (index.reader.visibleCount !== index.reader.linkedCount - index.reader.deadCount) {
      fail(
        `${index.reader.visibleCount} visible nodes of ${index.reader.linkedCount - index.reader.deadCount} live ones`,
      );
    }
  }
  for (const state of shard.table.states()) if (!state.exists) fail(`the tombstone of point ${state.id} is kept`);
}

/** The share of true neighbours that searches must find at rest, over a few queries. */
const RECALL_MIN = 0.85;

/** Searches find what comparing with everything finds. */
export function checkRecall(replica: Replica, queries: readonly Float32Array[]): void {
  const reads = new ReadsHere(replica, collectionName);
  const ask = (query: Float32Array, exact: boolean) =>
    reads.nearest({
      query,
      using: "",
      limit: 5,
      offset: 0,
      parameters: exact ? { exact } : { efSearch: 32 },
      selection: { payload: false, vectors: false },
    });
  let found = 0;
  let wanted = 0;
  for (const query of queries) {
    const truth = ask(query, true);
    const worst = truth.at(-1)?.score;
    if (worst === undefined) continue;
    const ids = new Set(truth.map(({ id }) => id));
    wanted += truth.length;
    found += ask(query, false).filter(({ id, score }) => ids.has(id) || score === worst).length;
  }
  if (wanted > 0 && found / wanted < RECALL_MIN) {
    throw new Violated("recall", `replica ${replica.id} finds ${found} of ${wanted} nearest points`, {
      nodes: [replica.id],
    });
  }
}

/** Ids of all live points, ascending: for messages. */
export function liveIds(replica: Replica): string {
  return [...replica.shard(collectionName).table.states()]
    .filter(({ exists }) => exists)
    .map(({ id }) => id)
    .sort(comparePointIds)
    .join();
}
