import { ImmutableString } from "@automerge/automerge";
import type { Json } from "@murmuration/index";
import type { Catalogue, Collection, Member } from "./collection.js";

/**
 * The catalogue as it lies in the Automerge document. Every leaf is JSON in an immutable string: the last writer of a leaf wins
 * it whole, and no text is ever merged letter by letter. Keys begin with a colon, because any name is allowed and not every
 * name is a safe key.
 */
export interface StoredCatalogue {
  format: number;
  collections: { [key: string]: StoredCollection };
  aliases: { [key: string]: ImmutableString };
  /**
   * By `memberKey`. Not in a map of their own: two replicas that join at once would each make that map, and the document would keep
   * only one of the two.
   */
  [member: `member-${number}`]: StoredMember;
}

export interface StoredMember {
  region: ImmutableString;
  url?: ImmutableString;
  evicted: boolean;
}

export interface StoredCollection {
  name: ImmutableString;
  vectors: ImmutableString;
  payloadIndexes: { [key: string]: ImmutableString };
  settings: { [key: string]: ImmutableString };
}

/** Raised when an older reader would misread the document. */
export const catalogueFormatVersion = 1;

export function storedKey(name: string): string {
  return `:${name}`;
}

const MEMBER_KEY = /^member-([1-9][0-9]*)$/;

export function memberKey(id: number): `member-${number}` {
  return `member-${id}`;
}

/** A leaf. Integers beyond 2^53 lose precision: settings are kept to be shown, not to be computed with. */
export function storedJson(value: unknown): ImmutableString {
  return new ImmutableString(
    JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)),
  );
}

/** The document as frozen plain data. Its maps have no prototype, so that no name finds something that is not in them. */
export function readStored(stored: StoredCatalogue): Catalogue {
  const collections = mapOf(stored.collections, readCollection);
  const aliases = mapOf(stored.aliases, (id) => readJson<string>(id));
  for (const [alias, id] of Object.entries(aliases)) {
    // Made while its collection was deleted elsewhere.
    if (collections[id] === undefined) delete aliases[alias];
  }
  return Object.freeze({
    collections: Object.freeze(collections),
    aliases: Object.freeze(aliases),
    members: readMembers(stored),
  });
}

function readMembers(stored: StoredCatalogue): readonly Member[] {
  const members: Member[] = [];
  for (const key of Object.keys(stored)) {
    const id = Number(MEMBER_KEY.exec(key)?.[1] ?? 0);
    if (id === 0) continue;
    const { region, url, evicted } = stored[memberKey(id)] as StoredMember;
    const reached = url === undefined ? {} : { url: readJson<string>(url) };
    members.push(
      Object.freeze({ id, region: readJson<string>(region), ...reached, state: evicted ? "evicted" : "active" }),
    );
  }
  return Object.freeze(members.sort((a, b) => a.id - b.id));
}

function readCollection(stored: StoredCollection, id: string): Collection {
  return Object.freeze({
    id,
    name: readJson<string>(stored.name),
    vectors: deepFreeze(withoutPrototype(readJson<Collection["vectors"]>(stored.vectors))),
    payloadIndexes: deepFreeze(
      mapOf(stored.payloadIndexes, (index) => readJson<Collection["payloadIndexes"][string]>(index)),
    ),
    settings: deepFreeze(mapOf(stored.settings, (setting) => readJson<Json>(setting))),
  });
}

function readJson<T>(leaf: ImmutableString): T {
  return JSON.parse(leaf.val) as T;
}

function withoutPrototype<T>(object: { readonly [key: string]: T }): { [key: string]: T } {
  return Object.assign(Object.create(null), object);
}

/** By name, in the order of names: the order of a document's keys depends on how it came about. */
function mapOf<From, To>(
  stored: { readonly [key: string]: From },
  read: (value: From, name: string) => To,
): { [name: string]: To } {
  const map = withoutPrototype<To>({});
  for (const key of Object.keys(stored).sort()) {
    const name = key.slice(1);
    map[name] = read(stored[key] as From, name);
  }
  return map;
}

function deepFreeze<T extends object>(value: T): T {
  for (const item of Object.values(value)) if (typeof item === "object" && item !== null) deepFreeze(item);
  return Object.freeze(value);
}
