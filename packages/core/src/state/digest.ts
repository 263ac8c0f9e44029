import { createHash } from "node:crypto";
import { type Json, MurmurationError, type PointId, piecesOfVector, type Space } from "@murmuration/index";
import { encodeMessage } from "../operation/message.js";
import { type PointState, visibleDot, visibleVectorNames } from "./point-state.js";
import { encodePointState } from "./point-state-codec.js";
import type { Shard } from "./shard.js";
import type { ShardGraph } from "./shard-graph.js";
import type { WritableShard } from "./writable-shard.js";

/** Words of a point's hash. */
export const POINT_HASH_WORDS = 4;

/** A value with its keys sorted at every depth: equal payloads give equal bytes. */
export function sortedKeys(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedKeys(inner)]));
}

/** 8 hex digits per word. */
export function hexOfWords(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

/**
 * Digest of the points as a set, 32 hex digits: the sum, word by word, of the first 128 bits of a SHA-256 of each point's id, state
 * (stamps, vector versions, payload; tombstones too) and vectors. Order does not matter.
 */
export function pointsDigest(shard: Shard): string {
  const sum = new Uint32Array(POINT_HASH_WORDS);
  for (const state of shard.table.states()) {
    const words = hashPoint(shard, state);
    for (let i = 0; i < POINT_HASH_WORDS; i++) sum[i] = (sum[i] as number) + (words[i] as number);
  }
  return hexOfWords(sum);
}

/** A point as it is here; `undefined`: it is not, or its row or its payload cannot be read from the disk. */
export function readableState(shard: Shard, id: PointId): PointState | undefined {
  const state = readState(shard, id);
  return state === "unreadable" ? undefined : state;
}

/** Is a point here whose row or payload cannot be read? */
export function isUnreadable(shard: Shard, id: PointId): boolean {
  return readState(shard, id) === "unreadable";
}

function readState(shard: Shard, id: PointId): PointState | "unreadable" | undefined {
  try {
    const state = shard.table.state(id);
    return state?.payload === undefined ? undefined : state;
  } catch (error) {
    if (error instanceof MurmurationError) return "unreadable";
    throw error;
  }
}

/** The first 128 bits of a SHA-256 of a point's id, state and visible vectors, as four words. */
export function hashPoint(shard: Shard, state: PointState): Uint32Array {
  const hash = createHash("sha256");
  hash.update(encodeMessage([String(state.id)]));
  hash.update(canonicalState(state));
  // of vectors that were dropped, points keep the registers alone
  for (const name of visibleVectorNames(state).sort()) {
    const graph = shard.shownGraph(name);
    const dot = visibleDot(state, name);
    const slot = dot === undefined ? undefined : graph?.slotOf(dot);
    if (graph === undefined || slot === undefined) continue;
    for (const piece of bytesAt(graph, slot)) hash.update(piece);
  }
  const bytes = hash.digest();
  return Uint32Array.from({ length: POINT_HASH_WORDS }, (_, i) => bytes.readUInt32LE(4 * i));
}

/** What a vector is hashed by; where it is off memory and cannot be read, that is other than of every vector. */
function bytesAt({ reader }: ShardGraph, slot: number): Iterable<Uint8Array> {
  try {
    return piecesOfVector(reader.vectorAt(slot));
  } catch (error) {
    if (error instanceof MurmurationError) return [];
    throw error;
  }
}

/** A state encoded so that equal states give equal bytes, whatever order the keys of their payloads are in. */
export function canonicalState(state: PointState): Uint8Array {
  return encodePointState({ ...state, payload: sortedKeys(state.payload) as typeof state.payload });
}

/**
 * Digest of a collection's graphs, by vector. Where vectors were added to it or dropped from it, behind a full stop which it has: two replicas of which
 * one has not heard of it yet do not differ, and cannot be compared (`areOfSameVectors`).
 */
export function graphDigest({ shard, indexes }: Pick<WritableShard, "shard" | "indexes">): string {
  const graphs = digestOfGraphs(indexes);
  if (shard.collection.deadVectors === undefined) return graphs;
  const keys = createHash("sha256").update(encodeMessage([...indexes.keys()].sort()));
  return `${graphs}.${keys.digest("hex").slice(0, 16)}`;
}

/** Are two digests of graphs those of the same vectors? */
export function areOfSameVectors(a: string, b: string): boolean {
  const vectorsOf = (digest: string) => (digest.includes(".") ? digest.slice(digest.indexOf(".")) : "");
  return vectorsOf(a) === vectorsOf(b);
}

function digestOfGraphs(indexes: ReadonlyMap<string, Space>): string {
  const names = [...indexes.keys()].sort();
  if (names.length === 1) return (indexes.get(names[0] as string) as Space).digest();
  const hash = createHash("sha256");
  for (const name of names) hash.update(encodeMessage([name, (indexes.get(name) as Space).digest()]));
  return hash.digest("hex").slice(0, 32);
}
