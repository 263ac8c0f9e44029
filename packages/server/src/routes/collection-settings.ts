import {
  type AddVector,
  type Collection,
  type DenseVectorSpace,
  keyOfVector,
  type Settings,
  type SparseVectorSpace,
  settingsOfVector,
  type VectorSpace,
  vectorOfGraph,
} from "@murmuration/core";
import { isJsonObject, type Json, type JsonObject, MurmurationError, mergePayload } from "@murmuration/index";
import type {
  CreateCollectionBody,
  QuantizationConfig,
  SparseVectorParams,
  UpdateCollectionBody,
  VectorNameBody,
  VectorParams,
} from "../http/schemas/collection.js";
import { definedOnly } from "../http/schemas/fields.js";

/** Graph parameters of a collection that gives none. */
export const graphDefaults = { m: 16, ef_construct: 128 } as const;

/** Was `m: 0` asked for last, so that nothing is found by a graph? Every matching vector is compared then. */
export function isWithoutGraph(collection: Collection, name: string): boolean {
  const { hnsw_config: own } = settingsOfVector(collection, "vectors", name);
  const m = isJsonObject(own) && own.m !== undefined && own.m !== null ? own.m : collectionGraph(collection.settings).m;
  return m === 0;
}

/** Links of a node and candidates of an insert that a graph can have. */
const graphBounds = { linksMin: 2, linksMax: 128, efConstructionMax: 4096 } as const;

/** `m: 0` asks for no graph, until another is set: there is one all the same, which is not walked until then. */
function linksOf(m: number | bigint): number {
  return m === 0 ? graphDefaults.m : Math.min(Math.max(Number(m), graphBounds.linksMin), graphBounds.linksMax);
}

function efConstructionOf(efConstruct: number | bigint): number {
  return Math.min(Number(efConstruct), graphBounds.efConstructionMax);
}

/** An absent configuration, and whatever kind it names, walk the graph on int8 codes and rerank on float32. */
function quantizationOf(config: QuantizationConfig | undefined): DenseVectorSpace["quantization"] {
  return config === "Disabled" ? "none" : "int8";
}

/** As what vectors of a datatype travel; others as they are told to. */
const encodingOfDatatype = { float16: "f16", uint8: "u8", turbo4: "turbo4", float32: undefined } as const;

function encodingOf({ datatype, encoding }: VectorParams, field: string): Pick<DenseVectorSpace, "encoding"> {
  const fixed = datatype === undefined ? undefined : encodingOfDatatype[datatype];
  if (fixed !== undefined && encoding !== undefined && encoding !== fixed) {
    const problem = `vectors of datatype ${datatype} travel as ${fixed}, not as ${encoding}`;
    throw new MurmurationError("wrong-input", `${field}: ${problem}`, field);
  }
  const chosen = fixed ?? encoding;
  return chosen === undefined || chosen === "f32" ? {} : { encoding: chosen };
}

function spaceOf(
  name: string,
  vector: VectorParams,
  body: Pick<CreateCollectionBody, "hnsw_config" | "quantization_config">,
): VectorSpace {
  const field = name === "" ? "vectors" : `vectors.${name}`;
  const { size, distance } = vector;
  if (vector.multivector_config !== undefined) return { kind: "multi", size, distance };
  return {
    size,
    distance,
    links: linksOf(vector.hnsw_config?.m ?? body.hnsw_config?.m ?? graphDefaults.m),
    efConstruction: efConstructionOf(
      vector.hnsw_config?.ef_construct ?? body.hnsw_config?.ef_construct ?? graphDefaults.ef_construct,
    ),
    quantization: quantizationOf(vector.quantization_config ?? body.quantization_config),
    ...encodingOf(vector, `${field}.encoding`),
  };
}

function sparseSpaceOf({ modifier }: SparseVectorParams): SparseVectorSpace {
  return { kind: "sparse", ...(modifier === "idf" ? { modifier } : {}) };
}

/** Without undefined values at any depth: what can be stored. */
function plain(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value as Json;
  const entries = Object.entries(definedOnly(value as JsonObject));
  return Object.fromEntries(entries.map(([key, child]) => [key, plain(child)]));
}

/** Vector spaces by name of a new collection. */
export function vectorSpaces(body: CreateCollectionBody): { readonly [name: string]: VectorSpace } {
  const dense = Object.entries(body.vectors ?? {}).map(
    ([name, vector]) => [name, spaceOf(name, vector, body)] as const,
  );
  const sparse = Object.entries(body.sparse_vectors ?? {}).map(
    ([name, vector]) => [name, sparseSpaceOf(vector)] as const,
  );
  const twice = dense.find(([name]) => Object.hasOwn(body.sparse_vectors ?? {}, name));
  if (twice !== undefined) {
    const problem = `Dense and sparse vector names must be unique - duplicate: ${twice[0]}`;
    throw new MurmurationError("bad-request", problem, "sparse_vectors");
  }
  return Object.fromEntries([...dense, ...sparse]);
}

/** What adds a vector to a collection that stands: its graph is as those of the collection are, unless they were told otherwise. */
export function addVectorCommand(
  collection: Collection,
  to: string,
  name: string,
  { dense, sparse }: VectorNameBody,
): AddVector {
  const common = { kind: "add-vector", collection: to, name } as const;
  if (sparse !== undefined) {
    const { modifier, datatype } = sparse;
    const index = datatype === undefined ? {} : { index: { datatype } };
    return {
      ...common,
      space: sparseSpaceOf({ modifier, index: undefined }),
      given: plain({ modifier, ...index }) as JsonObject,
    };
  }
  const { size: _size, distance: _distance, ...given } = dense;
  const { hnsw_config, quantization_config } = collection.settings as unknown as CreateCollectionBody;
  const vector = {
    ...dense,
    hnsw_config: undefined,
    quantization_config: undefined,
    on_disk: undefined,
    memory: undefined,
  };
  return {
    ...common,
    space: spaceOf(name, vector, { hnsw_config, quantization_config }),
    given: plain(given) as JsonObject,
  };
}

/**
 * What a new collection keeps to show again, by the dialect's names. Under `vectors` stands what was given for each vector
 * beside its size and distance, under `sparse_vectors` what was given for each sparse one.
 */
export function newSettings(body: CreateCollectionBody): Settings {
  const { vectors = {}, sparse_vectors: sparse, ...rest } = body;
  const perVector = Object.entries(vectors).map(([name, { size: _size, distance: _distance, ...shownAgain }]) => [
    name,
    shownAgain,
  ]);
  return plain({
    ...rest,
    vectors: Object.fromEntries(perVector),
    ...(sparse === undefined ? {} : { sparse_vectors: sparse }),
  }) as Settings;
}

const objectAt = (settings: Settings, name: string): JsonObject => {
  const value = settings[name];
  return isJsonObject(value) ? value : {};
};

/** The graph parameters of the collection as a whole, as they were given. */
export function collectionGraph(settings: Settings): { readonly m: Json; readonly ef_construct: Json } {
  const { m, ef_construct: efConstruct } = objectAt(settings, "hnsw_config");
  return { m: m ?? graphDefaults.m, ef_construct: efConstruct ?? graphDefaults.ef_construct };
}

function noSuchVector(name: string, field: string): MurmurationError {
  return new MurmurationError("wrong-input", `Not existing vector name error: ${name}`, field);
}

function mergedVectors(collection: Collection, diffs: NonNullable<UpdateCollectionBody["vectors"]>): Json {
  const stored = objectAt(collection.settings, "vectors");
  const merged: { [name: string]: Json } = { ...stored };
  for (const [name, diff] of Object.entries(diffs)) {
    const field = `vectors.${name}`;
    const space = Object.hasOwn(collection.vectors, name) ? collection.vectors[name] : undefined;
    if (space === undefined || space.kind === "sparse") throw noSuchVector(name, field);
    const old = settingsOfVector(collection, "vectors", name);
    const hnsw =
      diff.hnsw_config === undefined
        ? {}
        : { hnsw_config: { ...objectAt(old, "hnsw_config"), ...definedOnly(diff.hnsw_config) } };
    merged[vectorOfGraph(keyOfVector(collection, name) as string)] = plain({ ...old, ...definedOnly(diff), ...hnsw });
  }
  return merged;
}

function mergedSparseVectors(collection: Collection, diffs: NonNullable<UpdateCollectionBody["sparse_vectors"]>): Json {
  const stored = objectAt(collection.settings, "sparse_vectors");
  const merged: { [name: string]: Json } = { ...stored };
  for (const [name, diff] of Object.entries(diffs)) {
    const space = Object.hasOwn(collection.vectors, name) ? collection.vectors[name] : undefined;
    if (space?.kind !== "sparse") throw noSuchVector(name, `sparse_vectors.${name}`);
    if (diff.modifier !== undefined && diff.modifier !== (space.modifier ?? "none")) {
      const why = "what a score is made of cannot be changed: drop the vector and add it again";
      throw new MurmurationError("unsupported", why, `sparse_vectors.${name}.modifier`);
    }
    const old = settingsOfVector(collection, "sparse_vectors", name);
    const index = diff.index === undefined ? {} : { index: { ...objectAt(old, "index"), ...definedOnly(diff.index) } };
    merged[keyOfVector(collection, name) as string] = plain({ ...old, ...definedOnly(diff), ...index });
  }
  return merged;
}

/**
 * The settings that an update replaces: each given one merged over the stored one. A key of the metadata that is given as null is removed. What
 * shapes a graph or an index was decided when it was made: another wish is kept and shown. Throws `wrong-input` for an unknown vector.
 */
export function changedSettings(collection: Collection, body: UpdateCollectionBody): Settings {
  const { settings } = collection;
  const merge = (name: string, diff: object | undefined) =>
    diff === undefined ? {} : { [name]: { ...objectAt(settings, name), ...definedOnly({ ...diff }) } };
  return plain({
    ...definedOnly({ ...body.params }),
    ...merge("hnsw_config", body.hnsw_config),
    ...merge("optimizers_config", body.optimizers_config),
    ...merge("strict_mode_config", body.strict_mode_config),
    ...(body.metadata === undefined ? {} : { metadata: mergePayload(objectAt(settings, "metadata"), body.metadata) }),
    ...(body.quantization_config === undefined ? {} : { quantization_config: body.quantization_config }),
    ...(body.vectors === undefined ? {} : { vectors: mergedVectors(collection, body.vectors) }),
    ...(body.sparse_vectors === undefined
      ? {}
      : { sparse_vectors: mergedSparseVectors(collection, body.sparse_vectors) }),
  }) as Settings;
}
