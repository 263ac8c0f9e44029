import { ImmutableString } from "@automerge/automerge";
import type { Json } from "@murmuration/index";
import { leafText } from "./leaf-text.js";

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
  /** By `erasureKey` and `receiptKey`: each written once, and likewise not in maps of their own. */
  [erasure: `erasure-${string}`]: ImmutableString;
  [receipt: `erased-${string}`]: ImmutableString;
}

export interface StoredMember {
  region: ImmutableString;
  url?: ImmutableString;
  /** A list of texts. Only the member itself changes it; whoever makes its entry may set it once. */
  keys?: ImmutableString;
  evicted: boolean;
}

export interface StoredCollection {
  name: ImmutableString;
  /** Written once: another value is refused (`apply`). */
  vectors: ImmutableString;
  payloadIndexes: { [key: string]: ImmutableString };
  settings: { [key: string]: ImmutableString };
  /**
   * By the key of a vector that was added: its incarnation, written once. Not in a map of their own, as members are not. None goes: what is
   * dropped is marked beside it.
   */
  [added: `added:${string}`]: ImmutableString;
  [dropped: `dropped:${string}`]: ImmutableString;
  /** By the key of a graph that a vector was given in place of its first one; marks beside it say that it serves, or never will. */
  [graph: `graph:${string}`]: ImmutableString;
  [switched: `switched:${string}`]: ImmutableString;
  [givenUp: `given-up:${string}`]: ImmutableString;
}

/** Where a vector that was added stands in its collection. */
export function addedKey(vector: string): `added:${string}` {
  return `added:${vector}`;
}

/** Where it says that a vector was dropped. */
export function droppedKey(vector: string): `dropped:${string}` {
  return `dropped:${vector}`;
}

/** Where a graph stands in its collection, and what is said of it. */
export function madeGraphKey(graph: string): `graph:${string}` {
  return `graph:${graph}`;
}

export function switchedKey(graph: string): `switched:${string}` {
  return `switched:${graph}`;
}

export function givenUpKey(graph: string): `given-up:${string}` {
  return `given-up:${graph}`;
}

/** Raised when an older reader would misread the document. */
export const catalogueFormatVersion = 1;

export function storedKey(name: string): string {
  return `:${name}`;
}

export function memberKey(id: number): `member-${number}` {
  return `member-${id}`;
}

/** A leaf. Integers of 64 bits are kept exactly. */
export function storedJson(value: Json): ImmutableString {
  return new ImmutableString(leafText(value));
}
