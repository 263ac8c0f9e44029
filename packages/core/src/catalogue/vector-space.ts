import { isJsonObject, type Json, type JsonObject, vectorIndexLimits } from "@murmuration/index";
import { type OperationFormat, oldestOperationFormat } from "../operation/operation-format.js";
import { isLaterEncoding, vectorEncodings } from "../operation/vector-encoding.js";
import { laterKindsFormat } from "../operation/vector-kind.js";
import { type DenseVectorSpace, distances, isDenseSpace, type VectorSpace } from "./collection.js";

const SPACE_FIELDS = new Set(["size", "distance", "links", "efConstruction", "quantization", "encoding"]);

function isWithin(value: Json | undefined, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

function problemOfMulti({ kind: _, size, distance, ...rest }: JsonObject): string | undefined {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not known`;
  if (!isWithin(size, vectorIndexLimits.dimensions)) return "size";
  return (distances as readonly unknown[]).includes(distance) ? undefined : "distance";
}

function problemOfSparse(space: JsonObject): string | undefined {
  const unknown = Object.keys(space).find((field) => field !== "kind" && field !== "modifier");
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not known`;
  return space.modifier === undefined || space.modifier === "idf" ? undefined : "modifier";
}

/** What keeps this from being a vector space; `undefined` when it is one. */
export function problemOfSpace(space: Json): string | undefined {
  if (!isJsonObject(space)) return "it is not an object";
  if (space.kind === "sparse") return problemOfSparse(space);
  if (space.kind === "multi") return problemOfMulti(space);
  const { size, distance, links, efConstruction, quantization, encoding } = space;
  const unknown = Object.keys(space).find((field) => !SPACE_FIELDS.has(field));
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is not known`;
  if (!isWithin(size, vectorIndexLimits.dimensions)) return "size";
  if (!isWithin(links, vectorIndexLimits.links)) return "links";
  if (!isWithin(efConstruction, vectorIndexLimits.efConstruction)) return "efConstruction";
  if (!(distances as readonly unknown[]).includes(distance)) return "distance";
  if (quantization !== "int8" && quantization !== "none") return "quantization";
  const isEncoding =
    encoding === undefined || (encoding !== "f32" && (vectorEncodings as readonly unknown[]).includes(encoding));
  return isEncoding ? undefined : "encoding";
}

/** The oldest operation format whose readers know all of these spaces. */
export function formatOfSpaces(spaces: { readonly [name: string]: VectorSpace }): OperationFormat {
  const isOld = (space: VectorSpace) => isDenseSpace(space) && !isLaterEncoding(space.encoding);
  return Object.values(spaces).every(isOld) ? oldestOperationFormat : laterKindsFormat;
}

/** How the vectors of a space travel. Bytes that are made as long as others are no bytes any more. */
export function travelsAs(space: VectorSpace): DenseVectorSpace["encoding"] {
  if (!isDenseSpace(space) || (space.encoding === "u8" && space.distance === "Cosine")) return undefined;
  return space.encoding;
}

/** The vector spaces of a collection by name, without a prototype; or what keeps them from being that. */
export function readSpaces(value: Json): { readonly [name: string]: VectorSpace } | string {
  if (!isJsonObject(value)) return "its vectors are not an object";
  const spaces: { [name: string]: VectorSpace } = Object.create(null);
  for (const [name, space] of Object.entries(value)) {
    const problem = name === "__proto__" ? "the name __proto__ is not allowed" : problemOfSpace(space);
    if (problem !== undefined) return `vector ${JSON.stringify(name)}: ${problem}`;
    spaces[name] = space as unknown as VectorSpace;
  }
  return Object.freeze(spaces);
}
