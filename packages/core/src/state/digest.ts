import { createHash } from "node:crypto";
import type { Json, VectorIndex } from "@murmuration/index";
import { encodeMessage } from "../operation/message.js";
import { visibleVectorNames } from "./point-state.js";
import { encodePointState } from "./point-state-codec.js";
import type { Shard } from "./shard.js";

const WORDS = 4;

/** A payload with its keys sorted at every depth: equal payloads give equal bytes. */
function sortedKeys(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortedKeys(inner)]));
}

function hex(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
}

/**
 * Digest of the points as a set, 32 hex digits: the sum, word by word, of the first 128 bits of a SHA-256 of each point's id, state
 * (stamps, vector versions, payload; tombstones too) and vectors. Order does not matter.
 */
export function pointsDigest(shard: Shard): string {
  const sum = new Uint32Array(WORDS);
  for (const state of shard.table.states()) {
    const hash = createHash("sha256");
    hash.update(encodeMessage([String(state.id)]));
    hash.update(encodePointState({ ...state, payload: sortedKeys(state.payload) as typeof state.payload }));
    const row = shard.table.rowOf(state.id);
    for (const name of visibleVectorNames(state).sort()) {
      const slot = row === undefined ? undefined : shard.table.slotMap(name)?.slotOf(row);
      if (slot === undefined) continue;
      const vector = shard.graph(name).reader.vectorAt(slot);
      hash.update(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
    }
    const bytes = hash.digest();
    for (let i = 0; i < WORDS; i++) sum[i] = (sum[i] as number) + bytes.readUInt32LE(4 * i);
  }
  return hex(sum);
}

/** Digest of a collection's graphs, by vector name. */
export function graphDigest(indexes: ReadonlyMap<string, VectorIndex>): string {
  const names = [...indexes.keys()].sort();
  if (names.length === 1) return (indexes.get(names[0] as string) as VectorIndex).digest();
  const hash = createHash("sha256");
  for (const name of names) hash.update(encodeMessage([name, (indexes.get(name) as VectorIndex).digest()]));
  return hash.digest("hex").slice(0, 32);
}
