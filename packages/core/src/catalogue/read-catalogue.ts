import { ImmutableString } from "@automerge/automerge";
import { type Json, type PayloadIndexSchema, parsePath } from "@murmuration/index";
import { isOrigin } from "../causality/dot.js";
import { areMemberKeys } from "../gossip/member-keys.js";
import { isPlanted } from "../planted.js";
import type { Catalogue, Collection, Member } from "./collection.js";
import { isCollectionId } from "./collection-id.js";
import { readErasures } from "./erasure.js";
import { isIndexSchema, isLaterIndexSchema } from "./index-schema.js";
import { valueOfLeaf } from "./leaf-text.js";
import { checkName } from "./names.js";
import { graphKey, livingGraphs, readGraph, type StoredGraphs, type VectorGraph } from "./vector-graphs.js";
import {
  type CollectionVectors,
  incarnationKey,
  livingVectors,
  readIncarnation,
  type VectorIncarnation,
} from "./vector-incarnation.js";
import { readSpaces } from "./vector-space.js";

/**
 * What a document holds: its valid entries as a frozen catalogue, and what is wrong with the others. The same for equal documents. An
 * entry that is not valid is as if it were not there, so that a document always opens; a change that would bring one in is refused.
 */
export interface ReadCatalogue {
  readonly catalogue: Catalogue;
  /** Sentences, each once, in order; empty where all is well. */
  readonly problems: readonly string[];
  /** The same of what a newer version may have written: no fault, and left out of the catalogue all the same. */
  readonly unread: readonly string[];
}

/** One part of a document, read. */
interface ReadPart<Value> {
  readonly value: Value;
  readonly problems: readonly string[];
  readonly unread?: readonly string[];
}

const none: readonly string[] = [];

/**
 * A document's objects are never changed: what a change touches is made anew. So each is read once, and what a change does not touch
 * costs nothing and stays the same object.
 */
const collections = new WeakMap<object, ReadPart<Collection | undefined>>();
const members = new WeakMap<object, ReadPart<Member | undefined>>();

/** Reads a document. Never throws, whatever is in it. */
export function readCatalogue(document: unknown): ReadCatalogue {
  const problems: string[] = [];
  const unread: string[] = [];
  const root = (isMap(document) ? document : {}) as { readonly [key: string]: unknown };
  const readCollections = mapOf(
    root["collections"],
    "collections",
    problems,
    (stored, id) =>
      isCollectionId(id) ? remembered(collections, stored, () => readCollection(stored, id)) : wrong("not an id"),
    unread,
  );
  const aliases = mapOf(root["aliases"], "aliases", problems, readAlias);
  for (const [alias, id] of Object.entries(aliases)) {
    // Made while its collection was deleted elsewhere.
    if (readCollections[id] === undefined) delete aliases[alias];
  }
  const readOf = readMembers(root, problems);
  const { erasures, receipts } = readErasures(root, leafOf, problems);
  return {
    catalogue: Object.freeze({
      collections: Object.freeze(readCollections),
      aliases: Object.freeze(aliases),
      members: readOf,
      ...(erasures.length === 0 ? {} : { erasures, receipts }),
    }),
    problems,
    unread,
  };
}

/** Have what was read of a document serve for a copy of it, which holds the same in objects of its own. */
export function rememberSame(document: unknown, copy: unknown): void {
  const [from, to] = [document, copy] as { readonly [key: string]: unknown }[];
  for (const [memory, old, next] of [
    [collections, from?.["collections"], to?.["collections"]],
    [members, from, to],
  ] as const) {
    if (!isMap(old) || !isMap(next)) continue;
    for (const [key, stored] of Object.entries(old)) {
      const read = isMap(stored) ? (memory as WeakMap<object, ReadPart<unknown>>).get(stored) : undefined;
      const other = next[key];
      if (read !== undefined && isMap(other)) (memory as WeakMap<object, ReadPart<unknown>>).set(other, read);
    }
  }
}

function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return !(value instanceof ImmutableString) && !(value instanceof Date);
}

function wrong(problem: string): ReadPart<undefined> {
  return { value: undefined, problems: [problem] };
}

function remembered<Value>(
  memory: WeakMap<object, ReadPart<Value>>,
  stored: unknown,
  read: () => ReadPart<Value>,
): ReadPart<Value> {
  if (!isMap(stored)) return read();
  const known = memory.get(stored);
  if (known !== undefined) return known;
  const made = read();
  memory.set(stored, made);
  return made;
}

/** By name, in the order of names: the order of a document's keys depends on how it came about. Without a prototype. */
function mapOf<To>(
  stored: unknown,
  what: string,
  problems: string[],
  read: (value: unknown, name: string) => ReadPart<To | undefined>,
  unread: string[] = [],
): { [name: string]: To } {
  const map: { [name: string]: To } = Object.create(null);
  if (!isMap(stored)) {
    problems.push(`${what}: not a map`);
    return map;
  }
  for (const key of Object.keys(stored).sort()) {
    const part = key.startsWith(":") && key.isWellFormed() ? read(stored[key], key.slice(1)) : wrong("not a key");
    for (const problem of part.problems) problems.push(`${what} ${JSON.stringify(key)}: ${problem}`);
    for (const one of part.unread ?? none) unread.push(`${what} ${JSON.stringify(key)}: ${one}`);
    if (part.value !== undefined) map[key.slice(1)] = part.value;
  }
  return map;
}

/** The value of a leaf; `undefined` for what is none. */
function leafOf(leaf: unknown): Json | undefined {
  if (!(leaf instanceof ImmutableString) || typeof leaf.val !== "string") return undefined;
  try {
    return valueOfLeaf(leaf.val);
  } catch {
    return undefined;
  }
}

function textOf(leaf: unknown): string | undefined {
  const value = leafOf(leaf);
  return typeof value === "string" ? value : undefined;
}

function isName(name: string): boolean {
  try {
    checkName(name, "");
    return true;
  } catch {
    return false;
  }
}

function readAlias(leaf: unknown, alias: string): ReadPart<string | undefined> {
  const id = textOf(leaf);
  if (!isCollectionId(id)) return wrong("it leads to no collection");
  return isName(alias) ? { value: id, problems: none } : wrong("not a name");
}

function readCollection(stored: unknown, id: string): ReadPart<Collection | undefined> {
  if (!isMap(stored)) return wrong("not a map");
  const name = textOf(stored["name"]);
  if (name === undefined || !isName(name)) return wrong("its name is none");
  const leaf = leafOf(stored["vectors"]);
  const first = leaf === undefined ? "its vectors are not there" : readSpaces(leaf);
  if (typeof first === "string") return wrong(first);
  const problems: string[] = [];
  const vectors = readVectors(stored, first, problems);
  const unread: string[] = [];
  const indexes = mapOf(stored["payloadIndexes"], "payload indexes", problems, readIndex, unread);
  const payloadIndexes = Object.freeze(indexes);
  const settings = Object.freeze(mapOf(stored["settings"], "settings", problems, readSetting));
  return { value: Object.freeze({ id, name, ...vectors, payloadIndexes, settings }), problems, unread };
}

const ADDED = "added:";
const DROPPED = "dropped:";

/** The vectors that a collection began with, and those that were added and dropped since. */
function readVectors(
  stored: { readonly [key: string]: unknown },
  first: Collection["vectors"],
  problems: string[],
): Partial<CollectionVectors> & Pick<Collection, "vectors" | "graphs"> {
  const added = new Map<string, VectorIncarnation>();
  const dropped = new Set<string>();
  for (const at of Object.keys(stored).sort()) {
    if (at.startsWith(DROPPED)) {
      if (leafOf(stored[at]) === true) dropped.add(at.slice(DROPPED.length));
      else problems.push(`dropped vector ${JSON.stringify(at.slice(DROPPED.length))}: it does not say so`);
    }
    if (!at.startsWith(ADDED)) continue;
    const key = at.slice(ADDED.length);
    const incarnation = readIncarnation(leafOf(stored[at]) ?? null);
    if (typeof incarnation === "string") problems.push(`added vector ${JSON.stringify(key)}: ${incarnation}`);
    else if (incarnationKey(incarnation) !== key) problems.push(`added vector ${JSON.stringify(key)}: another's key`);
    else if (Object.hasOwn(first, key)) problems.push(`added vector ${JSON.stringify(key)}: the name of another`);
    else added.set(key, incarnation);
  }
  for (const key of dropped) {
    if (added.has(key) || Object.hasOwn(first, key)) continue;
    dropped.delete(key);
    problems.push(`dropped vector ${JSON.stringify(key)}: there was none`);
  }
  const vectors = added.size === 0 && dropped.size === 0 ? { vectors: first } : livingVectors(first, added, dropped);
  const isVector = (key: string) => added.has(key) || Object.hasOwn(first, key);
  return livingGraphs(vectors, readGraphs(stored, isVector, problems));
}

const GRAPH = "graph:";
const SWITCHED = "switched:";
const GIVEN_UP = "given-up:";

/** The graphs that vectors were given in place of their first ones. */
function readGraphs(
  stored: { readonly [key: string]: unknown },
  isVector: (key: string) => boolean,
  problems: string[],
): StoredGraphs {
  const made = new Map<string, VectorGraph>();
  for (const at of Object.keys(stored).sort()) {
    if (!at.startsWith(GRAPH)) continue;
    const key = at.slice(GRAPH.length);
    const graph = readGraph(leafOf(stored[at]) ?? null);
    if (typeof graph === "string") problems.push(`graph ${JSON.stringify(key)}: ${graph}`);
    else if (graphKey(graph) !== key) problems.push(`graph ${JSON.stringify(key)}: another's key`);
    else if (!isVector(graph.vector)) problems.push(`graph ${JSON.stringify(key)}: there is no such vector`);
    else made.set(key, graph);
  }
  const marked = (prefix: string): Set<string> => {
    const keys = new Set<string>();
    for (const at of Object.keys(stored).sort()) {
      if (!at.startsWith(prefix)) continue;
      const key = at.slice(prefix.length);
      if (leafOf(stored[at]) === true && made.has(key)) keys.add(key);
      else problems.push(`${prefix.slice(0, -1)} graph ${JSON.stringify(key)}: it is none, or it does not say so`);
    }
    return keys;
  };
  return { made, switched: marked(SWITCHED), givenUp: marked(GIVEN_UP) };
}

function readIndex(leaf: unknown, path: string): ReadPart<PayloadIndexSchema | undefined> {
  const schema = leafOf(leaf);
  if (schema !== undefined && isLaterIndexSchema(schema)) {
    const { kind } = schema as { readonly kind: string };
    return { value: undefined, problems: none, unread: [`an index of kind ${kind}, of a newer version`] };
  }
  if (schema === undefined || !isIndexSchema(schema)) return wrong("not the schema of an index");
  try {
    if (!isPlanted("describes-by-half")) parsePath(path);
  } catch {
    return wrong("not a path");
  }
  return { value: schema as unknown as PayloadIndexSchema, problems: none };
}

function readSetting(leaf: unknown): ReadPart<Json | undefined> {
  const value = leafOf(leaf);
  return value === undefined ? wrong("not JSON") : { value, problems: none };
}

const MEMBER_PREFIX = "member-";
const MEMBER_KEY = /^member-([1-9]\d{0,7})$/;

function readMembers(root: { readonly [key: string]: unknown }, problems: string[]): readonly Member[] {
  const found: Member[] = [];
  for (const key of Object.keys(root).sort()) {
    if (!key.startsWith(MEMBER_PREFIX)) continue;
    const id = Number(MEMBER_KEY.exec(key)?.[1] ?? 0);
    const stored = root[key];
    const part = isOrigin(id) ? remembered(members, stored, () => readMember(stored, id)) : wrong("not a replica id");
    for (const problem of part.problems) problems.push(`${key}: ${problem}`);
    if (part.value !== undefined) found.push(part.value);
  }
  return Object.freeze(found.sort((a, b) => a.id - b.id));
}

function readMember(stored: unknown, id: number): ReadPart<Member | undefined> {
  if (!isMap(stored)) return wrong("not a map");
  const { region, url, keys, evicted } = stored as {
    readonly region?: unknown;
    readonly url?: unknown;
    readonly keys?: unknown;
    readonly evicted?: unknown;
  };
  const where = textOf(region);
  if (where === undefined) return wrong("its region is not a text");
  if (typeof evicted !== "boolean") return wrong("it is neither evicted nor not");
  const reached = url === undefined ? undefined : textOf(url);
  if (url !== undefined && reached === undefined) return wrong("its address is not a text");
  const told = keys === undefined ? undefined : leafOf(keys);
  if (keys !== undefined && !areMemberKeys(told)) return wrong("its keys are none");
  const state = evicted ? "evicted" : "active";
  const more = { ...(reached === undefined ? {} : { url: reached }), ...(areMemberKeys(told) ? { keys: told } : {}) };
  return { value: Object.freeze({ id, region: where, ...more, state }), problems: none };
}
