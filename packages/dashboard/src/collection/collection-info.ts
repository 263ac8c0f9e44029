import { isObject, type Json, type JsonObject } from "../json-value.js";

/** What `GET /collections/{c}` answers, as far as the pages read it. */
export interface CollectionInfo {
  readonly status: string;
  readonly points_count?: number;
  readonly indexed_vectors_count?: number;
  readonly config: JsonObject;
  readonly payload_schema: Readonly<Record<string, PayloadIndex>>;
}

/** A payload index as the info tells it. */
export interface PayloadIndex {
  readonly data_type: string;
  readonly points: number;
  readonly params?: JsonObject;
}

/** A vector of a collection. */
export interface VectorInfo {
  /** `""` is the unnamed one. */
  readonly name: string;
  readonly kind: "dense" | "multivector" | "sparse";
  /** Of dense ones and of a multivector's parts. */
  readonly size: number | undefined;
  readonly distance: string | undefined;
  /** All that was given for it. */
  readonly given: JsonObject;
}

/** The member of an object that is one itself; an empty one where there is none. */
export function objectAt(json: Json | undefined, name: string): JsonObject {
  const value = isObject(json) && Object.hasOwn(json, name) ? json[name] : undefined;
  return isObject(value) ? value : {};
}

function vectorOf(name: string, given: JsonObject): VectorInfo {
  const { size, distance } = given;
  return {
    name,
    kind: isObject(given["multivector_config"]) ? "multivector" : "dense",
    size: typeof size === "number" ? size : undefined,
    distance: typeof distance === "string" ? distance : undefined,
    given,
  };
}

/** The vectors of a collection: the unnamed one or the named ones, then the sparse ones. */
export function vectorsOf(info: CollectionInfo): readonly VectorInfo[] {
  const params = objectAt(info.config, "params");
  const vectors = objectAt(params, "vectors");
  const dense =
    typeof vectors["size"] === "number"
      ? [vectorOf("", vectors)]
      : Object.entries(vectors).map(([name, given]) => vectorOf(name, isObject(given) ? given : {}));
  const sparse = Object.entries(objectAt(params, "sparse_vectors")).map(
    ([name, given]): VectorInfo => ({
      name,
      kind: "sparse",
      size: undefined,
      distance: "Dot",
      given: isObject(given) ? given : {},
    }),
  );
  return [...dense, ...sparse];
}
