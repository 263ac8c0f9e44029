import { isJsonObject, type Json, type JsonObject, requireWellFormed } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { limits } from "../limits.js";
import { isCollectionId } from "./collection-id.js";

/**
 * What is to be erased: all that a collection had and does not have any more at a frontier, at which the points in question were deleted. So it
 * names no point: who they were is forgotten with them.
 */
export interface Erasure {
  /** That of the operation that asks for it, as those of collections are. */
  readonly id: string;
  /** Id of the collection. */
  readonly collection: string;
  /** What it was called. */
  readonly name: string;
  /** Points that were deleted for it, where it was asked for. */
  readonly points: number;
  /** The frontier of the collection's shard, by origin. */
  readonly through: readonly (readonly [origin: number, sequence: number])[];
  /** Who has asked for it. */
  readonly by: string;
  /** When, by the clock of the replica that was asked, in milliseconds. */
  readonly askedMs: number;
}

/** A replica has nothing of it any more. */
export interface ErasureReceipt {
  readonly erasure: string;
  readonly replica: number;
  /** When, by its clock, in milliseconds. */
  readonly atMs: number;
  /** What was done, for people. */
  readonly done: JsonObject;
}

/** Is this the id of an erasure? */
export const isErasureId = isCollectionId;

const ERASURE = "erasure-";
const RECEIPT = "erased-";

/** Where an erasure stands in the document. */
export function erasureKey(id: string): `erasure-${string}` {
  return `${ERASURE}${id}`;
}

/** Where a replica's receipt of it stands. */
export function receiptKey(id: string, replica: number): `erased-${string}` {
  return `${RECEIPT}${id}-${replica}`;
}

/** Does an entry of the document stand there that is written once, and is nobody's to change? */
export function isErasureEntry(key: string): boolean {
  return key.startsWith(ERASURE) || key.startsWith(RECEIPT);
}

function isCount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: Json | undefined, charactersMax: number): value is string {
  return typeof value === "string" && value.length <= charactersMax;
}

function isFrontier(value: Json | undefined): value is [number, number][] {
  if (!Array.isArray(value) || value.length > limits.membersMax) return false;
  let last = 0;
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length !== 2) return false;
    const [origin, sequence] = entry as [Json, Json];
    if (!isOrigin(origin as number) || !isSequence(sequence as number) || (origin as number) <= last) return false;
    last = origin as number;
  }
  return true;
}

function hasKeys(value: JsonObject, keys: readonly string[]): boolean {
  return Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

/** What is wrong with the text of who asks; `undefined`: nothing. */
export function problemOfAsker(by: string): string | undefined {
  requireWellFormed(by, "by");
  return by.length <= limits.erasureAskerCharactersMax ? undefined : "who asks for an erasure has too long a name";
}

/** The erasure of a leaf, or what is wrong with it. */
export function readErasure(id: string, leaf: Json | undefined): Erasure | string {
  if (!isErasureId(id)) return "not an id";
  if (!isJsonObject(leaf) || !hasKeys(leaf, ["collection", "name", "points", "through", "by", "askedMs"]))
    return "not an erasure";
  const { collection, name, points, through, by, askedMs } = leaf;
  if (!isCollectionId(collection)) return "it is of no collection";
  if (!isText(name, 2 * limits.collectionNameCharactersMax)) return "the name of its collection is none";
  if (!isCount(points) || !isCount(askedMs) || askedMs > limits.wallMsMax) return "its numbers are none";
  if (!isFrontier(through)) return "its frontier is none";
  if (!isText(by, limits.erasureAskerCharactersMax)) return "it does not say who asks";
  return Object.freeze({ id, collection, name, points, through, by, askedMs });
}

const RECEIPT_KEY = /^erased-([1-9]\d{0,7}-[1-9]\d{0,12})-([1-9]\d{0,7})$/;

/** Is this where the receipt of a replica stands? */
export function isReceiptOf(key: string, replica: number): boolean {
  return Number(RECEIPT_KEY.exec(key)?.[2]) === replica;
}

/** The receipt of a leaf at a key, or what is wrong with it. */
export function readReceipt(key: string, leaf: Json | undefined): ErasureReceipt | string {
  const [, erasure, number] = RECEIPT_KEY.exec(key) ?? [];
  const replica = Number(number);
  if (!isErasureId(erasure) || !isOrigin(replica)) return "not the receipt of a replica";
  if (!isJsonObject(leaf) || !hasKeys(leaf, ["atMs", "done"])) return "not a receipt";
  const { atMs, done } = leaf;
  if (!isCount(atMs) || atMs > limits.wallMsMax) return "its time is none";
  if (!isJsonObject(done)) return "it does not say what was done";
  return Object.freeze({ erasure, replica, atMs, done });
}

/** What a document says of erasures. */
export interface ReadErasures {
  /** The first that was asked for first. */
  readonly erasures: readonly Erasure[];
  /** Of these. */
  readonly receipts: readonly ErasureReceipt[];
}

/** Reads the entries of a document, each by `leafOf`; what is wrong with others goes to `problems`. Never throws. */
export function readErasures(
  root: { readonly [key: string]: unknown },
  leafOf: (stored: unknown) => Json | undefined,
  problems: string[],
): ReadErasures {
  const erasures = new Map<string, Erasure>();
  const receipts: ErasureReceipt[] = [];
  const keys = Object.keys(root).filter(isErasureEntry).sort();
  for (const key of keys) {
    const read = key.startsWith(ERASURE)
      ? readErasure(key.slice(ERASURE.length), leafOf(root[key]))
      : readReceipt(key, leafOf(root[key]));
    if (typeof read === "string") problems.push(`${JSON.stringify(key)}: ${read}`);
    else if ("id" in read) erasures.set(read.id, read);
    else receipts.push(read);
  }
  const order = (a: Erasure, b: Erasure) => a.askedMs - b.askedMs || (a.id < b.id ? -1 : 1);
  return {
    erasures: Object.freeze([...erasures.values()].sort(order)),
    // of one that others have dropped meanwhile nothing is told
    receipts: Object.freeze(receipts.filter(({ erasure }) => erasures.has(erasure))),
  };
}
