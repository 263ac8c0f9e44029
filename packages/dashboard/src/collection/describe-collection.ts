import { isObject, type Json, type JsonObject } from "../json-value.js";
import { type CollectionInfo, objectAt, type PayloadIndex, type VectorInfo } from "./collection-info.js";

// What the settings of a collection mean here, in words. docs/compatibility.md and docs/vectors.md have them in full.

const distances: Readonly<Record<string, string>> = {
  Cosine: "Cosine: the angle between two vectors; more is nearer",
  Dot: "Dot product; more is nearer",
  Euclid: "Euclid: the straight distance; less is nearer",
  Manhattan: "Manhattan: the sum of the differences; less is nearer",
};

const datatypes: Readonly<Record<string, string>> = {
  float32: "float32, 4 bytes a number",
  float16: "float16, 2 bytes a number",
  uint8: "uint8, whole numbers from 0 to 255",
  turbo4: "turbo4, a code of 4 bits a number",
};

/** What a collection's status means. */
export function statusWords(status: string): string {
  if (status === "green") return "everything is ready";
  if (status === "yellow")
    return "a payload index is being built, or had no room: filters on its field look at every point";
  return status;
}

/** How near two vectors are, in words. */
export function distanceWords(vector: VectorInfo): string {
  if (vector.kind === "sparse") {
    return vector.given["modifier"] === "idf"
      ? "Dot product, weighted by how rare an index is (idf)"
      : "Dot product; more is nearer";
  }
  return distances[vector.distance ?? ""] ?? vector.distance ?? "";
}

/** Of what numbers a vector is. */
export function datatypeWords({ given }: VectorInfo): string {
  const name = given["datatype"];
  return typeof name === "string" ? (datatypes[name] ?? name) : (datatypes["float32"] as string);
}

/** Where the float32 rows of a vector are: `memory` counts where both are given. */
export function placeWords({ kind, given }: VectorInfo): string {
  if (kind !== "dense") return "in memory";
  const { memory, on_disk: onDisk } = given;
  const isOff = memory === "cold" || memory === "cached" || (typeof memory !== "string" && onDisk === true);
  return isOff ? "codes and links in memory, float32 rows in a file" : "in memory";
}

/** How a vector is searched. */
export function searchWords(vector: VectorInfo, config: JsonObject): string {
  if (vector.kind === "sparse") return "exactly, by an inverted index";
  if (vector.kind === "multivector") return "every point is compared, by codes first where that is possible";
  const hnsw = { ...objectAt(config, "hnsw_config"), ...objectAt(vector.given, "hnsw_config") };
  const { m, ef_construct: ef } = hnsw;
  if (m === 0) return "every point that matches is compared (m is 0); a graph with 16 links is kept beside";
  return `by a graph of ${shown(m)} links a point, built with ${shown(ef)} candidates`;
}

function shown(value: Json | undefined): string {
  return value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}

/** On what the graphs are walked. */
export function quantizationWords(setting: Json | undefined): string {
  if (setting === "Disabled") return "Disabled: graphs are built and walked on float32.";
  const walked = "graphs are walked on int8 codes, and what is found is ranked again by float32";
  if (!isObject(setting)) return `Not set: ${walked}.`;
  const [kind] = Object.keys(setting);
  if (kind === undefined || kind === "scalar") return `Scalar: ${walked}.`;
  return `${kind} is a recorded wish: ${walked}.`;
}

/** What a kind of payload index is for. */
export const indexKinds: readonly { readonly kind: string; readonly words: string }[] = [
  { kind: "keyword", words: "exact texts: match, facets, groups" },
  { kind: "integer", words: "integers: match and ranges" },
  { kind: "float", words: "numbers: ranges" },
  { kind: "bool", words: "true and false" },
  { kind: "datetime", words: "datetimes: ranges" },
  { kind: "uuid", words: "UUIDs: match" },
  { kind: "text", words: "words of texts: text, phrase" },
  { kind: "geo", words: "places: circles, boxes, polygons" },
];

/** The parameters of a payload index on one line. */
export function indexWords({ params = {} }: PayloadIndex): string {
  const entries = Object.entries(params).filter(([name]) => name !== "type");
  return entries.map(([name, value]) => `${name}: ${shown(value)}`).join(", ");
}

/** Settings that have words of their own, or are in tables. */
const told = new Set(["params", "hnsw_config", "quantization_config"]);

/** Groups of settings that are shown as they are, those that are empty left out. */
export function otherSettings(info: CollectionInfo): readonly (readonly [string, Json])[] {
  const params = Object.entries(objectAt(info.config, "params")).filter(
    ([name]) => name !== "vectors" && name !== "sparse_vectors",
  );
  const groups: (readonly [string, Json])[] = [["params", Object.fromEntries(params)]];
  for (const [name, value] of Object.entries(info.config)) {
    if (!told.has(name) && value !== null) groups.push([name, value]);
  }
  return groups;
}
