import { type GraphReport, MurmurationError, type PointId } from "@murmuration/index";
import { isBuilding } from "../catalogue/vector-graphs.js";
import { nameOfKey } from "../catalogue/vector-incarnation.js";
import { versionVectorToJson } from "../causality/version-vector.js";
import { graphDigest, pointsDigest } from "../state/digest.js";
import { visibleDot } from "../state/point-state.js";
import type { WritableShard } from "../state/writable-shard.js";

/** Identity of a collection's state: at equal frontiers equal on every replica. */
export interface CollectionDigest {
  readonly frontier: { readonly [origin: string]: number };
  readonly points: number;
  readonly points_digest: string;
  readonly graph_digest: string;
  readonly live: number;
  readonly dead: number;
}

/** A link as users see it. A dead node belongs to no point. */
export interface GraphLink {
  readonly id: PointId | null;
  readonly dot: string;
  readonly dead: boolean;
  /** −dot, squared Euclidean distance, or sum of absolute differences. */
  readonly distance: number;
}

/** Links of a node on one level, nearest first. */
export interface LevelLinks {
  readonly level: number;
  readonly neighbours: readonly GraphLink[];
}

/** Digests of points and graphs, and counts. */
export function digestOf({ shard, indexes }: WritableShard): CollectionDigest {
  let live = 0;
  let dead = 0;
  for (const { reader } of indexes.values()) {
    dead += reader.deadCount;
    live += reader.linkedCount - reader.deadCount;
  }
  return {
    frontier: versionVectorToJson(shard.frontier),
    points: shard.table.size,
    points_digest: pointsDigest(shard),
    graph_digest: graphDigest({ shard, indexes }),
    live,
    dead,
  };
}

/** Every rule of every graph, checked. */
export function validateGraphs({ shard, indexes }: WritableShard): { readonly [vector: string]: GraphReport } {
  const { collection } = shard;
  // a graph that is being made goes by no rule yet
  const served = [...indexes].filter(([key]) => !isBuilding(collection, key));
  return Object.fromEntries(served.map(([key, index]) => [nameOfKey(collection, key) ?? key, index.validate()]));
}

/** Neighbours of a point's node per level. Throws `not-found` for a point without this vector. */
export function linksOf({ shard, rows, indexes }: WritableShard, id: PointId, name: string): readonly LevelLinks[] {
  const vector = shard.keyOf(name);
  const space = indexes.get(vector);
  const shown = visibleDot(shard.table.live(id), vector);
  const slot = shown === undefined ? undefined : shard.graph(vector).slotOf(shown);
  if (slot === undefined) throw new MurmurationError("not-found", `No point with id ${id} found`, "id");
  // vectors of other kinds are not linked
  if (space?.kind !== "dense") return [];
  const { reader } = space;
  const levels = Array.from({ length: reader.nodeAt(slot).level + 1 }, (_, level) => level);
  return levels.map((level) => {
    const slots = reader.neighboursAt(slot, level);
    const distances = reader.distancesTo(reader.vectorAt(slot), slots);
    const neighbours = [...slots].map((neighbour, i) => {
      const { origin, sequence } = reader.dotAt(neighbour);
      return {
        id: rows.pointAtSlot(vector, neighbour) ?? null,
        dot: `${origin}:${sequence}`,
        dead: reader.nodeAt(neighbour).dead,
        distance: distances[i] as number,
      };
    });
    return { level, neighbours: neighbours.sort((a, b) => a.distance - b.distance) };
  });
}
