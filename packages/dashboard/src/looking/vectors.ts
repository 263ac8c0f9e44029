import { ask, path } from "../api.js";

/** A vector of a collection that has a graph. */
export interface DenseVector {
  /** `""` is the unnamed one. */
  readonly name: string;
  readonly size: number;
  readonly distance: string;
}

/** What the pages that look into a collection know of it. */
export interface Collection {
  readonly points: number;
  readonly vectors: readonly DenseVector[];
  /** Paths that have a payload index. */
  readonly indexed: readonly string[];
}

interface Given {
  readonly size?: unknown;
  readonly distance?: unknown;
  readonly multivector_config?: unknown;
}

interface Info {
  readonly points_count?: number;
  readonly config: { readonly params: { readonly vectors?: Given | Readonly<Record<string, Given>> } };
  readonly payload_schema?: Readonly<Record<string, unknown>>;
}

function denseOf(name: string, given: Given): DenseVector[] {
  const { size, distance, multivector_config: multi } = given;
  if (typeof size !== "number" || (multi !== undefined && multi !== null)) return [];
  return [{ name, size, distance: String(distance) }];
}

/** The vectors of a collection that have a graph. */
function denseVectorsOf(vectors: Info["config"]["params"]["vectors"]): DenseVector[] {
  if (vectors === undefined) return [];
  if (typeof (vectors as Given).size === "number") return denseOf("", vectors as Given);
  return Object.entries(vectors as Readonly<Record<string, Given>>).flatMap(([name, given]) => denseOf(name, given));
}

/** Loads what is known of a collection. */
export async function loadCollection(name: string, signal: AbortSignal): Promise<Collection> {
  const info = await ask<Info>("GET", path`/collections/${name}`, { signal });
  return {
    points: info.points_count ?? 0,
    vectors: denseVectorsOf(info.config.params.vectors),
    indexed: Object.keys(info.payload_schema ?? {}),
  };
}

/** What a vector is called on a page. */
export const vectorTitle = ({ name, size, distance }: DenseVector): string =>
  `${name === "" ? "the unnamed vector" : name} (${size}, ${distance})`;

/** A point's id as a person gave it: a number where it is one, else a text. */
export function idOfText(text: string): number | bigint | string {
  const trimmed = text.trim();
  if (!/^\d{1,20}$/.test(trimmed)) return trimmed;
  const value = BigInt(trimmed);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** What a person gave as a query: numbers of a vector, or a point's id. Throws an `Error` in words. */
export function queryOfText(text: string, size: number): number[] | number | bigint | string {
  const trimmed = text.trim();
  if (trimmed === "") throw new Error("Give a point's id, or the numbers of a vector.");
  if (!/[[\],\s]/.test(trimmed)) return idOfText(trimmed);
  const numbers = trimmed
    .replace(/^\[|\]$/g, "")
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map(Number);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new Error(`Number ${wrong + 1} of the vector is none.`);
  if (numbers.length !== size) throw new Error(`The vector has ${numbers.length} numbers, and is to have ${size}.`);
  return numbers;
}
