import { readBenchData } from "./data.js";
import { type Benchmark, type BenchRow, say } from "./harness.js";
import { ReplicaGroup, recallOfShard } from "./replicas/group.js";

const EF = 64;
const K = 10;

interface Point {
  readonly id: number;
  readonly vector: Float32Array;
}

/** Every n-th to one replica in turn. */
const shareOf = (points: readonly Point[], replica: number, replicas: number) =>
  points.filter((_, i) => i % replicas === replica);

function nearestTo(points: readonly Point[], centre: Float32Array, count: number): Set<number> {
  const similarity = (vector: Float32Array) => vector.reduce((sum, x, i) => sum + x * (centre[i] as number), 0);
  const order = points.map(({ id, vector }) => ({ id, s: similarity(vector) })).sort((a, b) => b.s - a.s);
  return new Set(order.slice(0, count).map(({ id }) => id));
}

/** How well searches find what several writers have inserted without knowing of each other, against one writer. */
export const convergeBenchmark: Benchmark = {
  name: "converge",
  summary: "recall after merging what several replicas wrote at once, against a single writer",
  run({ quick }) {
    const { base, baseCount, dimensions, queries: all, source } = readBenchData();
    const count = Math.min(baseCount, quick ? 12_000 : 60_000);
    const queries = all.slice(0, quick ? 200 : 500);
    const points: Point[] = Array.from({ length: count }, (_, id) => ({
      id,
      vector: base.slice(id * dimensions, (id + 1) * dimensions),
    }));
    const rows: BenchRow[] = [];
    const single = (
      written: readonly Point[],
      asked: readonly Float32Array[],
      then?: (group: ReplicaGroup) => void,
    ) => {
      const group = new ReplicaGroup(1, dimensions);
      group.upsert(0, written);
      then?.(group);
      group.rest();
      return recallOfShard(group.shard(0), asked, K, EF);
    };
    const note = (
      name: string,
      replicas: number,
      group: ReplicaGroup,
      asked: readonly Float32Array[],
      alone: number,
      target: number,
    ) => {
      const recall = recallOfShard(group.shard(0), asked, K, EF);
      const points = Math.round((recall - alone) * 10_000) / 100;
      rows.push({ case: name, replicas, recall, single: alone, points, target, ok: points >= target ? "yes" : "no" });
      say(`${name}, ${replicas} replicas: ${recall.toFixed(4)} against ${alone.toFixed(4)}`);
    };
    const urgent = (group: ReplicaGroup) => {
      for (let tick = 0; tick < 400; tick++) group.tick(0);
    };

    const alone = single(points, queries);
    for (const replicas of quick ? [3] : [3, 5]) {
      for (const lag of [10, 100, 1_000]) {
        const group = new ReplicaGroup(replicas, dimensions);
        for (let from = 0; from < count; from += lag * replicas) {
          const some = points.slice(from, from + lag * replicas);
          for (let at = 0; at < replicas; at++) group.upsert(at, shareOf(some, at, replicas));
          group.exchange();
          group.tick();
        }
        group.rest();
        group.requireEqual();
        note(`lag ${lag}`, replicas, group, queries, alone, -0.5);
      }
      for (const [name, share] of [
        ["0", 0],
        ["1/3", 1 / 3],
        ["2/3", 2 / 3],
      ] as const) {
        const group = new ReplicaGroup(replicas, dimensions);
        const common = Math.floor(count * share);
        group.upsert(0, points.slice(0, common));
        group.exchange();
        for (let at = 0; at < replicas; at++) group.upsert(at, shareOf(points.slice(common), at, replicas));
        group.exchange();
        urgent(group);
        note(`partition, common base ${name}, urgent links`, replicas, group, queries, alone, -7);
        group.rest();
        group.requireEqual();
        note(`partition, common base ${name}, all links`, replicas, group, queries, alone, -1);
      }
      for (const size of [Math.round(count * 0.095), 100 * replicas]) {
        const island = nearestTo(points, (points[1_234] as Point).vector, size);
        const inside = points.filter(({ id }) => island.has(id));
        const asked = inside.filter((_, i) => i % Math.ceil(inside.length / 200) === 0).map(({ vector }) => vector);
        const outside = points.filter(({ id }) => !island.has(id));
        const islandAlone = single([...outside, ...inside], asked);
        const group = new ReplicaGroup(replicas, dimensions);
        group.upsert(0, outside);
        group.exchange();
        for (let at = 0; at < replicas; at++) group.upsert(at, shareOf(inside, at, replicas));
        group.exchange();
        urgent(group);
        note(`island of ${size}, urgent links`, replicas, group, asked, islandAlone, -5);
        group.rest();
        group.requireEqual();
        note(`island of ${size}, all links`, replicas, group, asked, islandAlone, -2);
      }
      for (const kind of ["random", "clustered"] as const) {
        const gone =
          kind === "random"
            ? new Set(points.filter(({ id }) => (Math.imul(id, 0x9e3779b1) >>> 0) % 10 < 3).map(({ id }) => id))
            : nearestTo(points, (points[777] as Point).vector, Math.floor(count * 0.3));
        const left = single(
          points.filter(({ id }) => !gone.has(id)),
          queries,
        );
        const group = new ReplicaGroup(replicas, dimensions);
        for (let from = 0; from < count; from += 300) {
          for (let at = 0; at < replicas; at++) group.upsert(at, shareOf(points.slice(from, from + 300), at, replicas));
          group.exchange();
          group.tick();
        }
        const ids = [...gone];
        for (let at = 0; at < replicas; at++)
          group.delete(
            at,
            ids.filter((_, i) => i % replicas === at),
          );
        group.exchange();
        group.rest();
        group.requireEqual();
        note(`30 % deleted, ${kind}, purged`, replicas, group, queries, left, -1.5);
      }
      const group = new ReplicaGroup(replicas, dimensions);
      const written = new Map<number, Float32Array>();
      let fresh = 0;
      points.forEach(({ vector }, i) => {
        // every fifth write replaces a point that is there
        const id = i % 5 === 4 && fresh > 10 ? (Math.imul(i, 0x85ebca6b) >>> 0) % fresh : fresh++;
        written.delete(id);
        written.set(id, vector);
        group.upsert(i % replicas, [{ id, vector }]);
        if (i % 300 === 299) {
          group.exchange();
          group.tick();
        }
      });
      group.exchange();
      group.rest();
      group.requireEqual();
      const final = Array.from(group.shard(0).table.states(), ({ id }) => Number(id)).map((id) => ({
        id,
        vector: written.get(id) as Float32Array,
      }));
      note("20 % updates, purged", replicas, group, queries, single(final, queries), -1);
      const index = [...group.replica(0).writableShards()][0]?.indexes.get("");
      const counters = index?.links?.counters();
      if (index !== undefined && counters !== undefined) {
        rows.push({
          case: "bytes per node beyond a plain graph, at rest",
          replicas,
          bytes: (counters.overflowBytes + counters.storedTags * 16) / index.reader.linkedCount,
          target: 32,
        });
      }
    }
    const worst = (part: string) =>
      Math.min(...rows.filter((row) => String(row["case"]).includes(part)).map((row) => Number(row["points"] ?? 0)));
    return {
      bench: "converge",
      params: { vectors: count, queries: queries.length, dimensions, M: 16, efConstruction: 128, ef: EF, k: K, source },
      rows,
      ratios: {
        lag_points: worst("lag"),
        partition_urgent_points: worst("partition, common base 0, urgent"),
        partition_points: worst("all links"),
        deletes_points: worst("deleted"),
        updates_points: worst("updates"),
      },
    };
  },
};
