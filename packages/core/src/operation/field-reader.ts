import { MurmurationError, type Payload, type PointId } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { type HybridTime, isHybridTime } from "../causality/hybrid-clock.js";
import { emptyVersionVector, type VersionVector } from "../causality/version-vector.js";
import { uuidFromBytes } from "./point-id-field.js";
import { decodeVector, encodingOfNumber } from "./vector-encoding.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Refuses a message. */
export function refuseMessage(problem: string, cause?: unknown): never {
  throw new MurmurationError("corrupt", problem, undefined, cause);
}

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

  pointIds(): PointId[] {
    return this.#array().map((value) => this.#pointId(value));
  }

  vectors(): VectorVersion[] {
    return this.#array().map((value) => {
      if (!Array.isArray(value) || value.length < 3 || value.length > 4) this.#refuse("not a vector");
      const [name, bytes, delta, number] = value as unknown[];
      if (typeof name !== "string") this.#refuse("not a vector name");
      const encoding = value.length === 3 ? "f32" : encodingOfNumber(number, this.#what);
      const values = decodeVector(this.#bytes(bytes), encoding, this.#what);
      if (encoding === "f32") {
        // one way to write each operation: equal operations are equal bytes
        if (value.length === 4) this.#refuse("f32 has no number");
        return { name, values, delta: this.#bytes(delta) };
      }
      return { name, values, delta: this.#bytes(delta), encoding };
    });
  }

  kept(): KeptVector[] {
    return this.#array().map((value) => {
      if (!Array.isArray(value) || value.length !== 3) this.#refuse("not a kept vector");
      const [name, origin, sequence] = value as unknown[];
      if (typeof name !== "string" || !isOrigin(origin) || !isSequence(sequence)) this.#refuse("not a kept vector");
      return { name, dot: { origin, sequence } };
    });
  }

  payload(): Payload {
    const value = this.#take();
    if (!isJson(value) || typeof value !== "object" || value === null || Array.isArray(value))
      this.#refuse("not a payload");
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

  #refuse(problem: string): never {
    return refuseMessage(`${this.#what}: ${problem} (field ${this.#next})`);
  }
}

function isJson(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined;
  if (ArrayBuffer.isView(value)) return false;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (!isJson(item)) return false;
  }
  return true;
}
