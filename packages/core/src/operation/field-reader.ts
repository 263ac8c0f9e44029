import { type Json, type Payload, type PointId, vectorIndexLimits } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { type HybridTime, isHybridTime } from "../causality/hybrid-clock.js";
import { emptyVersionVector, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { canonicalPayload } from "./canonical-payload.js";
import type { OperationFormat } from "./operation-format.js";
import { uuidFromBytes } from "./point-id-field.js";
import { refuseMessage } from "./refuse-message.js";
import { decodeMulti, decodeSparse } from "./sparse-encoding.js";
import { decodeVector, encodingOfNumber, type VectorEncoding } from "./vector-encoding.js";
import { denseOfKind, laterKindsFormat, MULTI_KIND, SPARSE_KIND } from "./vector-kind.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

const noDelta = new Uint8Array(0);
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Takes the fields of a decoded message one by one and checks each. Throws `corrupt` for one that is not as it must be. */
export class FieldReader {
  readonly #fields: readonly unknown[];
  readonly #what: string;
  #next = 0;

  constructor(fields: unknown, what: string) {
    if (!Array.isArray(fields)) refuseMessage(`${what}: not an array of fields`);
    this.#fields = fields;
    this.#what = what;
  }

  end(): void {
    if (this.#next !== this.#fields.length) this.#refuse("too many fields");
  }

  integer(): number {
    const value = this.#take();
    return Number.isSafeInteger(value) ? (value as number) : this.#refuse("not an integer");
  }

  origin(): number {
    const value = this.#take();
    return isOrigin(value) ? value : this.#refuse("not a replica id");
  }

  sequence(): number {
    const value = this.#take();
    return isSequence(value) ? value : this.#refuse("not a sequence");
  }

  text(): string {
    const value = this.#take();
    return typeof value === "string" ? value : this.#refuse("not a text");
  }

  texts(): string[] {
    const values = this.#array();
    for (const value of values) if (typeof value !== "string") this.#refuse("not a text");
    return values as string[];
  }

  /** A text that names a vector or a field, and becomes a key. */
  name(): string {
    return this.#name(this.#take());
  }

  names(): string[] {
    const values = this.#array();
    for (const value of values) this.#name(value);
    return values as string[];
  }

  /** A list whose items the caller reads. */
  list(): readonly unknown[] {
    return this.#array();
  }

  bytes(): Uint8Array {
    return this.#bytes(this.#take());
  }

  time(): HybridTime {
    const wallMs = this.#take();
    const counter = this.#take();
    if (!isHybridTime(wallMs, counter)) this.#refuse("not a time");
    return { wallMs: wallMs as number, counter: counter as number };
  }

  /** Origins and sequences in turn, by ascending origin. */
  versionVector(): VersionVector {
    const flat = this.#array();
    if (flat.length === 0) return emptyVersionVector;
    if (flat.length % 2 !== 0) this.#refuse("not a version vector");
    const vector = new Map<number, number>();
    let last = 0;
    for (let at = 0; at < flat.length; at += 2) {
      const origin = flat[at];
      const sequence = flat[at + 1];
      if (!isOrigin(origin) || !isSequence(sequence) || origin <= last) this.#refuse("not a version vector");
      vector.set(origin, sequence);
      last = origin;
    }
    return vector;
  }

  pointId(): PointId {
    return this.#pointId(this.#take());
  }

  /** Ids of the points that an operation is about: at least one, none twice. */
  pointIds(): PointId[] {
    const ids = this.#array().map((value) => this.#pointId(value));
    if (ids.length === 0 || ids.length > limits.idsPerOperationMax) this.#refuse(`${ids.length} point ids`);
    if (ids.length > 1 && new Set(ids).size < ids.length) this.#refuse("a point id twice");
    return ids;
  }

  /** New versions of vectors and kept ones, each name once. */
  vectors(format: OperationFormat): VectorVersion[] {
    const vectors = this.#array().map((value) =>
      format === 1 ? this.#untaggedVector(value) : this.#vector(value, format),
    );
    if (vectors.length > 1) this.#requireDifferent(vectors);
    return vectors;
  }

  /** Vectors that are kept beside those that are new. */
  kept(vectors: readonly VectorVersion[]): KeptVector[] {
    const kept = this.#array().map((value) => {
      if (!Array.isArray(value) || value.length !== 3) this.#refuse("not a kept vector");
      const [name, origin, sequence] = value as unknown[];
      if (!isOrigin(origin) || !isSequence(sequence)) this.#refuse("not a kept vector");
      return { name: this.#name(name), dot: { origin, sequence } };
    });
    if (kept.length > 0) this.#requireDifferent([...vectors, ...kept]);
    return kept;
  }

  /** A payload as `canonicalPayload` leaves it. */
  payload(): Payload {
    const value = this.#take();
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.#refuse("not a payload");
    let canonical: Json;
    try {
      canonical = canonicalPayload(value as Payload);
    } catch (cause) {
      return this.#refuse((cause as Error).message, cause);
    }
    if (canonical !== value) this.#refuse("a number of the payload is not in its canonical form");
    return value as Payload;
  }

  #take(): unknown {
    if (this.#next >= this.#fields.length) this.#refuse("a field is missing");
    return this.#fields[this.#next++];
  }

  #array(): unknown[] {
    const value = this.#take();
    return Array.isArray(value) ? value : this.#refuse("not a list");
  }

  #bytes(value: unknown): Uint8Array {
    return value instanceof Uint8Array ? value : this.#refuse("not bytes");
  }

  #pointId(value: unknown): PointId {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    if (typeof value === "bigint" && value > MAX_SAFE) return value;
    if (value instanceof Uint8Array && value.byteLength === 16) return uuidFromBytes(value);
    return this.#refuse("not a point id");
  }

  #name(value: unknown): string {
    if (typeof value !== "string") this.#refuse("not a name");
    if (value === "__proto__") this.#refuse("the name __proto__ is not allowed");
    return value as string;
  }

  /** The kind says what follows. */
  #vector(value: unknown, format: OperationFormat): VectorVersion {
    if (!Array.isArray(value) || value.length < 2) this.#refuse("not a vector");
    const [name, kind, bytes, delta] = value as unknown[];
    if (kind === SPARSE_KIND && format >= laterKindsFormat) {
      if (value.length !== 4) this.#refuse("not a sparse vector");
      const values = decodeSparse(this.#bytes(bytes), this.#bytes(delta), this.#what);
      return { name: this.#name(name), values, delta: noDelta };
    }
    if (kind === MULTI_KIND && format >= laterKindsFormat) {
      if (value.length !== 4) this.#refuse("not a multivector");
      return { name: this.#name(name), values: decodeMulti(bytes, this.#bytes(delta), this.#what), delta: noDelta };
    }
    const encoding = denseOfKind(kind, this.#what);
    if (value.length !== 4) this.#refuse("not a dense vector");
    return this.#dense(name, encoding, bytes, delta);
  }

  /** As in format 1: the length of the list says whether there is an encoding. */
  #untaggedVector(value: unknown): VectorVersion {
    if (!Array.isArray(value) || value.length < 3 || value.length > 4) this.#refuse("not a vector");
    const [name, bytes, delta, number] = value as unknown[];
    const encoding = value.length === 3 ? "f32" : encodingOfNumber(number, this.#what);
    // one way to write each operation in a format: equal operations are equal bytes
    if (value.length === 4 && encoding === "f32") this.#refuse("f32 has no number");
    return this.#dense(name, encoding, bytes, delta);
  }

  #dense(name: unknown, encoding: VectorEncoding, bytes: unknown, delta: unknown): VectorVersion {
    const values = decodeVector(this.#bytes(bytes), encoding, this.#what);
    if (values.length > vectorIndexLimits.dimensions.max) this.#refuse("a vector has too many dimensions");
    const version = { name: this.#name(name), values, delta: this.#bytes(delta) };
    return encoding === "f32" ? version : { ...version, encoding };
  }

  #requireDifferent(vectors: readonly { readonly name: string }[]): void {
    if (new Set(vectors.map(({ name }) => name)).size < vectors.length) this.#refuse("a vector twice");
  }

  #refuse(problem: string, cause?: unknown): never {
    return refuseMessage(`${this.#what}: ${problem} (field ${this.#next})`, cause);
  }
}
