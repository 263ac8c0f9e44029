import fc from "fast-check";
import { awkwardTexts, nested, oddNumbers, texts, told, withOwnKey } from "../odd-values.js";
import { BODY_AT, bytesOf, fieldsOf, kinds } from "./fields.js";
import type { Row } from "./history.js";

/** What mutations may refer to: the operations that are known where they arrive. */
export interface MutationContext {
  readonly row: Row;
  readonly known: readonly Row[];
}

/** One change of the fields of an operation, in place. */
export interface Mutation {
  readonly what: string;
  apply(fields: unknown[], context: MutationContext): void;
}

const describe = (what: string, details: unknown) => `${what} ${fc.stringify(details)}`;

/** Values where nothing, or something else, is expected. */
const oddValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, Number.NaN, Number.POSITIVE_INFINITY, -1n << 63n, (1n << 64n) - 1n),
  oddNumbers,
  texts,
  fc.uint8Array({ maxLength: 20 }),
  fc.constantFrom(16, 1_000, 70_000).map((length) => new Uint8Array(length)),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    [null],
    [1, 2, 3],
    { a: 1 },
    withOwnKey("__proto__", 1),
    withOwnKey("constructor", {}),
  ),
  fc.constantFrom(10, 70, 120).map((depth) => nested(depth)),
);

interface Place {
  readonly holder: unknown[] | Record<string, unknown>;
  readonly key: string | number;
}

/** All places in a value, outermost first. */
function placesIn(value: unknown, places: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return places;
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  for (const key of keys) {
    places.push({ holder: value as Place["holder"], key });
    placesIn((value as Record<string | number, unknown>)[key], places);
  }
  return places;
}

function placeAt(fields: unknown[], at: number): Place {
  const places = placesIn(fields);
  return places[at % places.length] as Place;
}

const valueAt = ({ holder, key }: Place) => (holder as Record<string | number, unknown>)[key];

function put({ holder, key }: Place, value: unknown): void {
  (holder as Record<string | number, unknown>)[key] = value;
}

const places = fc.nat(200);

/** Changes that know nothing of what they change. */
const blind: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(places, oddValues).map(([at, value]) => ({
      what: describe("put", { at, value }),
      apply: (fields: unknown[]) => put(placeAt(fields, at), value),
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(places, fc.nat(400)).map(([at, bit]) => ({
      what: describe("flip a bit", { at, bit }),
      apply: (fields: unknown[]) => {
        const binaries = placesIn(fields).filter((place) => valueAt(place) instanceof Uint8Array);
        const place = binaries[at % Math.max(1, binaries.length)];
        if (place === undefined) return;
        const bytes = (valueAt(place) as Uint8Array).slice();
        if (bytes.length === 0) return;
        const byte = (bit >> 3) % bytes.length;
        bytes[byte] = (bytes[byte] as number) ^ (1 << (bit & 7));
        put(place, bytes);
      },
    })),
  },
  places.map((at) => ({
    what: describe("leave out", { at }),
    apply: (fields: unknown[]) => {
      const { holder, key } = placeAt(fields, at);
      if (Array.isArray(holder)) holder.splice(key as number, 1);
      else delete holder[key];
    },
  })),
  places.map((at) => ({
    what: describe("say twice", { at }),
    apply: (fields: unknown[]) => {
      const { holder, key } = placeAt(fields, at);
      if (Array.isArray(holder)) holder.splice(key as number, 0, holder[key as number]);
      else holder[`${key} `] = holder[key];
    },
  })),
  fc.tuple(places, places).map(([from, to]) => ({
    what: describe("copy", { from, to }),
    apply: (fields: unknown[]) => put(placeAt(fields, to), structuredClone(valueAt(placeAt(fields, from)))),
  })),
);

const kindOf = (fields: unknown[]) => fields[1] as number;
const known = ({ known: rows }: MutationContext, at: number) => rows[at % Math.max(1, rows.length)];

function f32(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** Does each vector say of what kind it is, as since format 2? */
const isTagged = (fields: unknown[]) => fields[0] !== 1;

/** Lists of vectors in an upsert or an update. */
function vectorsOf(fields: unknown[]): unknown[][] | undefined {
  if (kindOf(fields) !== kinds.upsert && kindOf(fields) !== kinds["update-vectors"]) return undefined;
  const vectors = fields[BODY_AT + 1];
  return Array.isArray(vectors) ? (vectors as unknown[][]) : undefined;
}

function keptOf(fields: unknown[]): unknown[][] | undefined {
  const kept = fields[BODY_AT + (kindOf(fields) === kinds.upsert ? 3 : 2)];
  return vectorsOf(fields) !== undefined && Array.isArray(kept) ? (kept as unknown[][]) : undefined;
}

const vectorNames = fc.constantFrom("", "half", "plot", "nope", ...awkwardTexts);
const dimensions = fc.constantFrom(0, 1, 2, 3, 4, 100);
const badFloats = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38, -0, 1e-45);

/** Changes that mean something. */
const aware: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(9), vectorNames).map(([at, name]) => ({
    what: describe("name the vector", { at, name }),
    apply: (fields: unknown[]) => {
      const kind = kindOf(fields);
      if (kind === kinds.edges) fields[BODY_AT + 1] = name;
      if (kind === kinds.purge) fields[BODY_AT] = name;
      if (kind === kinds["delete-vectors"]) fields[BODY_AT + 1] = [name, name];
      const vector = vectorsOf(fields)?.[at % (vectorsOf(fields)?.length || 1)];
      if (Array.isArray(vector)) vector[0] = name;
    },
  })),
  fc.tuple(dimensions, badFloats).map(([size, value]) => ({
    what: describe("give the vector", { size, value }),
    apply: (fields: unknown[]) => {
      const vector = vectorsOf(fields)?.[0];
      if (!Array.isArray(vector)) return;
      const [delta, values] = [vector.at(isTagged(fields) ? 3 : 2), f32(...Array<number>(size).fill(value))];
      vector.splice(1, 3, ...(isTagged(fields) ? [0, values, delta] : [values, delta]));
    },
  })),
  fc.tuple(fc.oneof(fc.nat(9), fc.constantFrom(16, 17)), fc.uint8Array({ maxLength: 24 })).map(([encoding, bytes]) => ({
    what: describe("encode the vector", { encoding, bytes }),
    apply: (fields: unknown[]) => {
      const vector = vectorsOf(fields)?.[0];
      if (!Array.isArray(vector)) return;
      const delta = vector.at(isTagged(fields) ? 3 : 2);
      vector.splice(1, 3, ...(isTagged(fields) ? [encoding, bytes, delta] : [bytes, delta, encoding]));
    },
  })),
  fc
    .tuple(vectorNames, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }))
    .map(([name, origin, sequence]) => ({
      what: describe("keep", { name, origin, sequence }),
      apply: (fields: unknown[]) => {
        keptOf(fields)?.push([name, origin, sequence]);
      },
    })),
  fc.nat(200).map((at) => ({
    what: describe("write under the time of", { at }),
    apply: (fields: unknown[], context: MutationContext) => {
      const other = known(context, at);
      if (other === undefined) return;
      const [, , wallMs, counter] = fieldsOf(other.bytes);
      fields.splice(2, 2, wallMs, counter);
    },
  })),
  fc.tuple(oddNumbers, oddNumbers).map(([wallMs, counter]) => ({
    what: describe("write at", { wallMs, counter }),
    apply: (fields: unknown[]) => {
      fields.splice(2, 2, wallMs, counter);
    },
  })),
  fc.constantFrom("own future", "own past", "unknown origin", "far ahead", "twice", "descending").map((on) => ({
    what: `depend on ${on}`,
    apply: (fields: unknown[], { row }: MutationContext) => {
      const { origin, sequence } = row;
      fields[4] = {
        "own future": [origin, sequence + 5],
        "own past": [origin, Math.max(1, sequence - 1)],
        "unknown origin": [77, 1],
        "far ahead": [1, 2 ** 40 - 1],
        twice: [1, 1, 1, 1],
        descending: [3, 1, 2, 1],
      }[on];
    },
  })),
  fc.nat(200).map((at) => ({
    what: describe("take the body of", { at }),
    apply: (fields: unknown[], context: MutationContext) => {
      const other = known(context, at);
      if (other === undefined) return;
      const body = fieldsOf(other.bytes);
      fields.splice(BODY_AT, fields.length, ...body.slice(BODY_AT));
      fields[1] = body[1];
    },
  })),
  fc.constantFrom(...Object.values(kinds), 0, 13, 255).map((kind) => ({
    what: describe("be of kind", { kind }),
    apply: (fields: unknown[]) => {
      fields[1] = kind;
    },
  })),
  fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 })), { maxLength: 4 }).map((dots) => ({
    what: describe("purge", { dots }),
    apply: (fields: unknown[]) => {
      if (kindOf(fields) === kinds.purge) fields[BODY_AT + 1] = dots.flat();
    },
  })),
  fc.tuple(fc.integer({ min: 0, max: 5 }), oddNumbers, fc.nat(5)).map(([owner, through, foreign]) => ({
    what: describe("close", { owner, through, foreign }),
    apply: (fields: unknown[]) => {
      if (kindOf(fields) === kinds.edges) fields[BODY_AT + 3] = [owner, through, [foreign, 3]];
    },
  })),
  texts.map((key) => ({
    what: describe("have in the payload", { key }),
    apply: (fields: unknown[]) => {
      const at = BODY_AT + (kindOf(fields) === kinds.upsert ? 2 : 1);
      const payload = fields[at];
      if (typeof payload !== "object" || payload === null || ArrayBuffer.isView(payload)) return;
      if (Array.isArray(payload)) payload.push(key);
      else fields[at] = Object.assign(withOwnKey(key, { [key]: [key, Number.NaN, undefined] }), payload);
    },
  })),
);

/** Changes of any kind. */
export const mutations: fc.Arbitrary<Mutation> = fc.oneof(blind, aware).map((one) => told(one, () => one.what));

/** The row with its fields changed, and encoded again. A change that no field can take leaves them as they are. */
export function mutate(row: Row, all: readonly Mutation[], known: readonly Row[]): Uint8Array {
  const fields = fieldsOf(row.bytes);
  for (const mutation of all) mutation.apply(fields, { row, known });
  try {
    return bytesOf(fields);
  } catch {
    // too deep for the encoder, or not a list any more
    return row.bytes;
  }
}
