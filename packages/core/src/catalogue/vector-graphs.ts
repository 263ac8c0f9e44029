import { createHash } from "node:crypto";
import { isJsonObject, type Json, vectorIndexLimits } from "@murmuration/index";
import { limits } from "../limits.js";
import { generationOfGraph, isGraphKey, laterGraphKey, vectorOfGraph } from "../operation/graph-key.js";
import { isPlanted } from "../planted.js";
import {
  type BuildingGraph,
  type Collection,
  type DenseVectorSpace,
  isDenseSpace,
  type VectorSpace,
} from "./collection.js";
import { leafText } from "./leaf-text.js";

/**
 * A graph that a vector was given in place of the one before: the same vectors, linked by other parameters. **Nodes belong to the vector, links to
 * the graph**: whatever an operation inserts or purges of a vector, it does in every graph of it; links are of the graph that they name. While it is
 * being made nobody searches it; with its switch it takes the place of all before, for good (docs/convergence.md, "Graphs that take another's place").
 */
export interface VectorGraph {
  /** Key of the vector (`vector-incarnation.ts`). */
  readonly vector: string;
  /** One more than of any other graph of the vector that its maker knew; the first one is of generation 0. */
  readonly generation: number;
  readonly links: number;
  readonly efConstruction: number;
  /** The replica that links it, and switches to it. */
  readonly by: number;
}

/** What a shard calls a graph: no vector of this name can be made. */
export function graphKey(graph: VectorGraph): string {
  const { vector, generation, links, efConstruction, by } = graph;
  const hash = createHash("sha256").update(leafText([links, efConstruction, by]));
  return laterGraphKey(vector, generation, hash.digest("hex").slice(0, 16));
}

/** A graph as it stands in a leaf, or what keeps it from being one. */
export function readGraph(leaf: Json): VectorGraph | string {
  if (!isJsonObject(leaf)) return "it is not an object";
  const { vector, generation, links, efConstruction, by, ...rest } = leaf;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not known`;
  if (typeof vector !== "string" || isGraphKey(vector)) return "vector";
  const within = (value: Json | undefined, min: number, max: number): value is number =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
  if (!within(generation, 1, limits.vectorGenerationsMax)) return "generation";
  if (!within(links, vectorIndexLimits.links.min, vectorIndexLimits.links.max)) return "links";
  const { min, max } = vectorIndexLimits.efConstruction;
  if (!within(efConstruction, min, max)) return "efConstruction";
  if (!within(by, 1, limits.originMax)) return "by";
  return { vector, generation, links, efConstruction, by };
}

/** What the document says of the graphs of a collection's vectors. */
export interface StoredGraphs {
  readonly made: ReadonlyMap<string, VectorGraph>;
  readonly switched: ReadonlySet<string>;
  readonly givenUp: ReadonlySet<string>;
}

type Vectors = Pick<Collection, "vectors" | "vectorKeys" | "vectorsGiven" | "deadVectors">;

/**
 * Which graphs live. Of a vector, the switched one of the highest generation serves, of several the one with the lowest key; without one, its first.
 * Of those of a higher generation than that, the highest with the lowest key is being made, unless it was given up. All others are dead for good:
 * what is known of graphs only grows, a switch is written when every member has heard that the graph is made, and given up by who makes it alone.
 */
export function livingGraphs(
  vectors: Vectors,
  { made, switched, givenUp }: StoredGraphs,
): Vectors & Pick<Collection, "graphs"> {
  if (made.size === 0) return vectors;
  const spaces: { [name: string]: VectorSpace } = Object.assign(Object.create(null), vectors.vectors);
  const keys: { [name: string]: string } = Object.assign(Object.create(null), vectors.vectorKeys);
  const serving: { [vector: string]: string } = Object.create(null);
  const building: { [vector: string]: BuildingGraph } = Object.create(null);
  const dead: { [key: string]: DenseVectorSpace } = Object.create(null);
  const ordered = [...made].sort(([a, one], [b, other]) => other.generation - one.generation || (a < b ? -1 : 1));
  const alive = new Set<string>();
  for (const [name, first] of Object.entries(vectors.vectors)) {
    if (!isDenseSpace(first)) continue;
    const vector =
      vectors.vectorKeys !== undefined && Object.hasOwn(vectors.vectorKeys, name)
        ? (vectors.vectorKeys[name] as string)
        : name;
    const own = ordered.filter(([, graph]) => graph.vector === vector);
    if (own.length === 0) continue;
    const served = own.find(([key]) => switched.has(key));
    if (served !== undefined) {
      const [key, graph] = served;
      serving[vector] = key;
      keys[name] = key;
      spaces[name] = spaceOfGraph(first, graph);
      dead[vector] = first;
      alive.add(key);
    }
    const [best] = own;
    if (best === undefined || best[1].generation <= (served?.[1].generation ?? 0) || givenUp.has(best[0])) continue;
    const [key, graph] = best;
    building[vector] = { key, space: spaceOfGraph(first, graph), by: graph.by };
    alive.add(key);
  }
  for (const [key, graph] of made) {
    if (alive.has(key)) continue;
    const name = Object.keys(vectors.vectors).find((one) => (vectors.vectorKeys?.[one] ?? one) === graph.vector);
    const first = name === undefined ? undefined : vectors.vectors[name];
    // of a vector that was dropped, what it was is nobody's concern
    dead[key] = spaceOfGraph(first !== undefined && isDenseSpace(first) ? first : unknownSpace, graph);
  }
  return {
    ...vectors,
    vectors: Object.freeze(spaces),
    vectorKeys: Object.freeze(keys),
    deadVectors: vectors.deadVectors ?? Object.freeze([]),
    graphs: Object.freeze({
      serving: Object.freeze(serving),
      building: Object.freeze(building),
      dead: Object.freeze(dead),
    }),
  };
}

const unknownSpace: DenseVectorSpace = { size: 1, distance: "Dot", links: 2, efConstruction: 4, quantization: "none" };

function spaceOfGraph(first: DenseVectorSpace, { links, efConstruction }: VectorGraph): DenseVectorSpace {
  return Object.freeze({ ...first, links, efConstruction });
}

/** The graph that is made beside the one of a vector, by the key of any of its graphs; `undefined`: none is. */
export function buildingOf({ graphs }: Collection, key: string): BuildingGraph | undefined {
  if (graphs === undefined) return undefined;
  const vector = vectorOfGraph(key);
  return Object.hasOwn(graphs.building, vector) ? graphs.building[vector] : undefined;
}

/** Is it a graph that is being made? */
export function isBuilding(collection: Collection, key: string): boolean {
  return collection.graphs !== undefined && buildingOf(collection, key)?.key === key;
}

/** Was it a graph that is no more? */
export function isDeadGraph({ graphs }: Collection, key: string): boolean {
  return graphs !== undefined && Object.hasOwn(graphs.dead, key);
}

/** The generation of the next graph of a vector, by the vector's key. */
export function nextGraphGeneration({ graphs }: Pick<Collection, "graphs">, vector: string): number {
  const known =
    graphs === undefined
      ? []
      : [
          ...Object.values(graphs.serving),
          ...Object.keys(graphs.dead),
          ...Object.values(graphs.building).map(({ key }) => key),
        ];
  const own = known.filter((key) => vectorOfGraph(key) === vector).map(generationOfGraph);
  return Math.max(0, ...own) + 1;
}

/** How many graphs a collection has ever had beside first ones. */
export function graphsEver({ graphs }: Collection): number {
  if (graphs === undefined) return 0;
  const later = Object.keys(graphs.dead).filter(isGraphKey);
  return later.length + Object.keys(graphs.serving).length + Object.keys(graphs.building).length;
}

/** A graph that was known before and is not after, or lives again: what no replica writes. */
export function forgottenGraph(before: Collection, after: Collection): string | undefined {
  if (before.graphs === undefined) return undefined;
  const { serving = {}, building = {}, dead = {} } = after.graphs ?? {};
  const alive = new Set([...Object.values(serving), ...Object.values(building).map(({ key }) => key)]);
  const isKnown = (key: string) => alive.has(key) || Object.hasOwn(dead, key);
  const lived = [
    ...Object.values(before.graphs.serving),
    ...Object.values(before.graphs.building).map(({ key }) => key),
  ];
  return (
    lived.find((key) => !isKnown(key)) ??
    Object.keys(before.graphs.dead).find((key) => isGraphKey(key) && (alive.has(key) || !isKnown(key))) ??
    // a first graph whose place another one took
    Object.keys(before.graphs.serving).find((vector) => {
      return Object.keys(after.vectors).some((name) => (after.vectorKeys?.[name] ?? name) === vector);
    })
  );
}

/**
 * Keys of the graphs, of those that are here, in which an operation inserts or purges that names one of a vector: all of this vector. With the bug
 * planted, the named one alone.
 */
export function graphsOfVector(
  { graphs }: Collection,
  here: ReadonlyMap<string, unknown>,
  named: string,
): readonly string[] {
  if (graphs === undefined || isPlanted("nodes-in-named-graph-alone")) return here.has(named) ? [named] : [];
  const vector = vectorOfGraph(named);
  return [...here.keys()].filter((key) => vectorOfGraph(key) === vector);
}
