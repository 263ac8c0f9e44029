import { createHash } from "node:crypto";
import { isJsonObject, type Json, type JsonObject } from "@murmuration/index";
import { limits } from "../limits.js";
import { isGraphKey, vectorOfGraph } from "../operation/graph-key.js";
import { isPlanted } from "../planted.js";
import type { Collection, VectorSpace } from "./collection.js";
import { leafText } from "./leaf-text.js";
import { buildingOf, isDeadGraph } from "./vector-graphs.js";
import { problemOfSpace } from "./vector-space.js";

/**
 * A vector that was added to a collection that stood. A name may be given again after its vector was dropped: each time is an incarnation of its
 * own, and what was written for one is never another's. Which one it is, a shard says by its key: the name, U+0000, its generation and a hash of
 * the space. Two replicas that add the same name with the same parameters at once make the same incarnation.
 */
export interface VectorIncarnation {
  readonly name: string;
  /** One more than of any other of this name that its maker knew; those that the collection began with are of generation 0. */
  readonly generation: number;
  readonly space: VectorSpace;
  /** What was given for it beside that, to be shown again. */
  readonly given: JsonObject;
}

const SEPARATOR = "\u0000";
/** What stands behind it. */
const BEHIND = /^([1-9]\d{0,6})\.[0-9a-f]{16}$/;

/** The same for spaces that are the same. */
export function spaceText(space: VectorSpace): string {
  const sorted = Object.entries(space).sort(([a], [b]) => (a < b ? -1 : 1));
  return leafText(Object.fromEntries(sorted) as Json);
}

/** The generation of the next vector of a name. */
export function nextGeneration({ deadVectors = [] }: Collection, name: string): number {
  if (isPlanted("generations-confused")) return 1;
  let highest = -1;
  for (const key of deadVectors) {
    const parts = partsOf(key);
    if (parts.name === name) highest = Math.max(highest, parts.generation);
  }
  return Math.max(1, highest + 1);
}

/** What a shard calls an incarnation of a vector. */
export function incarnationKey({ name, generation, space }: Omit<VectorIncarnation, "given">): string {
  const hash = createHash("sha256").update(spaceText(space));
  return `${name}${SEPARATOR}${generation}.${hash.digest("hex").slice(0, 16)}`;
}

/** Is it the key of a vector that was added, and no name of one that a collection can begin with? */
export function isIncarnationKey(key: string): boolean {
  return partsOf(key).generation > 0;
}

/** Is it a key that the catalogue gives, to a vector that was added or to another graph of one? A collection begins with none. */
export function isLaterKey(key: string): boolean {
  return isIncarnationKey(key) || isGraphKey(key);
}

/** Name and generation of a key; of generation 0, the key is the name. */
function partsOf(graph: string): { readonly name: string; readonly generation: number } {
  const key = vectorOfGraph(graph);
  const end = key.lastIndexOf(SEPARATOR);
  const found = end < 0 ? null : BEHIND.exec(key.slice(end + 1));
  return found === null ? { name: key, generation: 0 } : { name: key.slice(0, end), generation: Number(found[1]) };
}

/** An incarnation as it stands in a leaf, or what keeps it from being one. */
export function readIncarnation(leaf: Json): VectorIncarnation | string {
  if (!isJsonObject(leaf)) return "it is not an object";
  const { name, generation, space, given, ...rest } = leaf;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not known`;
  if (typeof name !== "string" || name === "__proto__" || isLaterKey(name)) return "name";
  const isGeneration = Number.isInteger(generation) && (generation as number) >= 1;
  if (!isGeneration || (generation as number) > limits.vectorGenerationsMax) return "generation";
  if (given === undefined || !isJsonObject(given)) return "given";
  const problem = space === undefined ? "space" : problemOfSpace(space);
  if (problem !== undefined) return problem;
  return { name, generation: generation as number, space: space as unknown as VectorSpace, given };
}

/** The vectors of a collection: those that live by name, the keys of those that do not, what was given for those that were added. */
export type CollectionVectors = Pick<Collection, "vectors" | "vectorKeys" | "vectorsGiven" | "deadVectors">;

/**
 * Which incarnations live. Of a name, the one of the highest generation, of these the one with the lowest key; and that one as long as it was not
 * dropped. All others are dead for good: what is known of incarnations and drops only grows, so that none comes back.
 */
export function livingVectors(
  first: { readonly [name: string]: VectorSpace },
  added: ReadonlyMap<string, VectorIncarnation>,
  dropped: ReadonlySet<string>,
): CollectionVectors {
  const best = new Map(Object.keys(first).map((name) => [name, name]));
  for (const [key, { name, generation }] of added) {
    const other = best.get(name);
    const before = other === undefined ? -1 : partsOf(other).generation;
    if (other === undefined || generation > before || (generation === before && key < other)) best.set(name, key);
  }
  const vectors: { [name: string]: VectorSpace } = Object.create(null);
  const vectorKeys: { [name: string]: string } = Object.create(null);
  const vectorsGiven: { [name: string]: JsonObject } = Object.create(null);
  const alive = new Set<string>();
  for (const [name, key] of [...best].sort(([a], [b]) => compareAsMade(first, a, b))) {
    if (dropped.has(key)) continue;
    alive.add(key);
    const incarnation = added.get(key);
    vectors[name] = incarnation === undefined ? (first[name] as VectorSpace) : incarnation.space;
    if (incarnation === undefined) continue;
    vectorKeys[name] = key;
    vectorsGiven[name] = incarnation.given;
  }
  const deadVectors = [...Object.keys(first), ...added.keys()].filter((key) => !alive.has(key)).sort();
  return {
    vectors: Object.freeze(vectors),
    vectorKeys: Object.freeze(vectorKeys),
    vectorsGiven: Object.freeze(vectorsGiven),
    deadVectors: Object.freeze(deadVectors),
  };
}

/** Those that the collection began with as it was told of them, then the others by name. */
function compareAsMade(first: { readonly [name: string]: VectorSpace }, a: string, b: string): number {
  const names = Object.keys(first);
  const place = (name: string) => (Object.hasOwn(first, name) ? names.indexOf(name) : names.length);
  return place(a) - place(b) || (a < b ? -1 : 1);
}

/** What the shard of a collection calls its vector of this name; `undefined`: it has none. */
export function keyOfVector({ vectors, vectorKeys }: Collection, name: string): string | undefined {
  if (!Object.hasOwn(vectors, name)) return undefined;
  return vectorKeys !== undefined && Object.hasOwn(vectorKeys, name) ? vectorKeys[name] : name;
}

/** The name of the vector that a shard calls so, as long as it lives. */
export function nameOfKey(collection: Collection, key: string): string | undefined {
  if (collection.vectorKeys === undefined) return Object.hasOwn(collection.vectors, key) ? key : undefined;
  const { name } = partsOf(key);
  return keyOfVector(collection, name) === key ? name : keyOfVector(collection, key) === key ? key : undefined;
}

/** The space of a vector by its key, or of a graph that is being made; `undefined`: it does not live. */
export function spaceOfKey(collection: Collection, key: string): VectorSpace | undefined {
  const building = collection.graphs && buildingOf(collection, key);
  if (building?.key === key) return building.space;
  const name = nameOfKey(collection, key);
  return name === undefined ? undefined : collection.vectors[name];
}

/** Keys of all graphs that live, those that are being made too. */
export function graphKeysOf(collection: Collection): string[] {
  const building = Object.values(collection.graphs?.building ?? {}).map(({ key }) => key);
  return [...vectorKeysOf(collection), ...building];
}

/** Keys of the vectors that live, in the order of their names: of the graphs that serve. */
export function vectorKeysOf(collection: Collection): string[] {
  return Object.keys(collection.vectors).map((name) => keyOfVector(collection, name) as string);
}

/** Did a vector or a graph of this key live once, and does not any more? */
export function isDeadVector(collection: Collection, key: string): boolean {
  return collection.deadVectors?.includes(key) === true || isDeadGraph(collection, key);
}

/** What a shard calls the graph that serves the vector whose registers are kept under this key. */
export function servingKey({ graphs }: Collection, vector: string): string {
  return graphs !== undefined && Object.hasOwn(graphs.serving, vector) ? (graphs.serving[vector] as string) : vector;
}

/** May there be a vector of this key of which the catalogue has not heard yet? */
export function mayBeAdded(collection: Collection, key: string): boolean {
  if (!isLaterKey(key)) return false;
  return spaceOfKey(collection, key) === undefined && !isDeadVector(collection, key);
}

/** What stands for a vector's name among the settings of its collection: what was set of one that was dropped is no other's. */
export function settingsOfVector(
  collection: Collection,
  setting: "vectors" | "sparse_vectors",
  name: string,
): JsonObject {
  const all = collection.settings[setting];
  // what is set of a vector stands whatever graph it has
  const key = vectorOfGraph(keyOfVector(collection, name) ?? name);
  const set = all !== undefined && isJsonObject(all) && Object.hasOwn(all, key) ? all[key] : undefined;
  const given = Object.hasOwn(collection.vectorsGiven ?? {}, name) ? collection.vectorsGiven?.[name] : undefined;
  return { ...given, ...(set !== undefined && isJsonObject(set) ? set : {}) };
}

/** A vector that was known, or dead, before and is not after: what no replica writes. By its key. */
export function forgottenVector(before: Collection, after: Collection): string | undefined {
  const alive = new Set(vectorKeysOf(after).map(vectorOfGraph));
  const dead = new Set(after.deadVectors);
  const lived = vectorKeysOf(before).map(vectorOfGraph);
  return lived.find((key) => !alive.has(key) && !dead.has(key)) ?? before.deadVectors?.find((key) => !dead.has(key));
}
