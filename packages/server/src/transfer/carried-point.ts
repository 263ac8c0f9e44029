import { createHash } from "node:crypto";
import { type Json, type JsonObject, type PointId, piecesOfVector, printJson, type Vector } from "@murmuration/index";
import { printId, printVectors } from "../read/print-points.js";

/** A point on its way. */
export interface CarriedPoint {
  readonly id: PointId;
  readonly vectors: { readonly [name: string]: Vector };
  readonly payload: JsonObject;
}

/** A point as an upsert takes it, and as a line of NDJSON. */
export function printCarried({ id, vectors, payload }: CarriedPoint, isEmptyPayloadShown = true): string {
  const shown = isEmptyPayloadShown || Object.keys(payload).length > 0 ? `,"payload":${printJson(payload)}` : "";
  return `{"id":${printId(id)},"vector":${printVectors(vectors)}${shown}}`;
}

/** A value with the keys of its objects sorted, as text: equal values give equal texts. */
function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join()}]`;
  if (typeof value !== "object" || value === null) return printJson(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join()}}`;
}

const WORDS = 4;

/**
 * Digest of what points hold, as a set: the sum, word by word, of the first 128 bits of a SHA-256 of each point's id, payload and float32 vectors.
 * Other than the digest of a replica (`/murmur/collections/{c}/digest`) it knows no stamps: equal contents of two databases give equal digests.
 */
export class ContentDigest {
  readonly #sum = new Uint32Array(WORDS);

  add({ id, vectors, payload }: CarriedPoint): void {
    const hash = createHash("sha256").update(`${printId(id)}\n${canonicalJson(payload)}\n`);
    for (const name of Object.keys(vectors).sort()) {
      hash.update(`${JSON.stringify(name)}\n`);
      for (const piece of piecesOfVector(vectors[name] as Vector)) hash.update(piece);
    }
    const bytes = hash.digest();
    for (let i = 0; i < WORDS; i++) this.#sum[i] = (this.#sum[i] as number) + bytes.readUInt32LE(4 * i);
  }

  /** 32 hex digits. */
  toString(): string {
    return Array.from(this.#sum, (word) => word.toString(16).padStart(8, "0")).join("");
  }
}
