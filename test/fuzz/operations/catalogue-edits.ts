import * as Automerge from "@automerge/automerge";
import fc from "fast-check";
import { awkwardTexts, nested, oddNumbers, texts, told, wellFormed } from "../odd-values.js";
import { bytesOf, fieldsOf } from "./fields.js";
import type { Row } from "./history.js";

type Tree = { [key: string]: unknown };

/** One odd edit of the catalogue's document. */
export interface CatalogueEdit {
  readonly what: string;
  apply(document: Tree): void;
}

const ACTOR_PREFIX = "4d75726d".padEnd(24, "0");
const ROOT_ACTOR = "00".repeat(16);

/** What every catalogue begins with. */
function emptyDocument(origin: number): Automerge.Doc<Tree> {
  const root = Automerge.change(Automerge.init<Tree>({ actor: ROOT_ACTOR }), { time: 0 }, (stored) => {
    stored["format"] = 1;
    stored["collections"] = {};
    stored["aliases"] = {};
  });
  return Automerge.clone(root, { actor: `${ACTOR_PREFIX}${origin.toString(16).padStart(8, "0")}` });
}

/** The catalogue that these operations make, to be edited by `origin`. */
function documentOf(rows: readonly Row[], origin: number): Automerge.Doc<Tree> {
  const changes = rows.filter(({ shard }) => shard === "system").map(({ bytes }) => fieldsOf(bytes)[5] as Uint8Array);
  return Automerge.applyChanges(emptyDocument(origin), changes)[0];
}

const leaf = (value: unknown) => new Automerge.ImmutableString(JSON.stringify(value) ?? "undefined");
const raw = (text: string) => new Automerge.ImmutableString(text);

const space = { size: 2, distance: "Dot", links: 4, efConstruction: 8, quantization: "int8" };
const oddSpaces: readonly unknown[] = [
  null,
  [],
  {},
  "x",
  1,
  { "": null },
  { "": {} },
  { "": [] },
  { "": { ...space, size: 0 } },
  { "": { ...space, size: 1e9 } },
  { "": { ...space, size: "3" } },
  { "": { ...space, size: 2.5 } },
  { "": { ...space, distance: "Hamming" } },
  { "": { ...space, links: 0 } },
  { "": { ...space, links: 100_000 } },
  { "": { ...space, efConstruction: -1 } },
  { "": { ...space, quantization: "binary" } },
  { "": { ...space, encoding: "f64" } },
  { "": { ...space, size: 5 } },
  { other: space },
  { "\ufeffa": space },
  { "": space, half: space },
  { "": space, second: { ...space, size: 2 } },
];
const oddSchemas: readonly unknown[] = [
  null,
  "keyword",
  {},
  { kind: "text" },
  { kind: "keyword" },
  { kind: "integer", lookup: "x" },
  { kind: ["keyword"] },
  { kind: "__proto__" },
  [],
];

/** What may stand where a leaf is expected. */
const oddLeaves: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.constantFrom<() => unknown>(
    () => null,
    () => true,
    () => "plain text, which merges letter by letter",
    () => ({}),
    () => [],
    () => new Date(0),
    () => new Uint8Array(3),
    () => new Automerge.Counter(1),
    () => raw(""),
    () => raw("{"),
    () => raw("undefined"),
    () => raw('{"__proto__":{"size":3}}'),
    () => raw('"\\ud800"'),
    () => raw("1e999"),
    () => raw("[".repeat(2_000)),
    () => leaf(nested(300)),
    () => leaf("x".repeat(70_000)),
  ),
  fc.constantFrom(...oddSpaces, ...oddSchemas).map((value) => () => leaf(value)),
  oddNumbers.map((value) => () => value),
  texts.map((text) => () => leaf(text)),
  texts.map((text) => () => raw(wellFormed(text))),
);

const names = fc.oneof(fc.constantFrom("books", "films", "shelf", "new"), fc.constantFrom(...awkwardTexts));
const ids = fc.oneof(fc.constantFrom("c", "system", "../../x", "a/b", "", "__proto__", "x".repeat(300)), names);
const members = fc.constantFrom(
  "member-1",
  "member-5",
  "member-0",
  "member-01",
  "member-",
  "member-99999999999",
  "member-x",
);

function collectionsOf(document: Tree): Tree {
  const { collections } = document as { collections: Tree };
  return collections;
}

/** The n-th collection, if it is one still. */
function someCollection(document: Tree, n: number): Tree | undefined {
  const all = Object.values(collectionsOf(document) ?? {});
  const one = all[n % Math.max(1, all.length)];
  return typeof one === "object" && one !== null && !Array.isArray(one) ? (one as Tree) : undefined;
}

function putIn(holder: unknown, key: string, value: unknown): void {
  if (typeof holder === "object" && holder !== null && !Array.isArray(holder)) (holder as Tree)[key] = value;
}

const say = (what: string, details: unknown) => `${what} ${fc.stringify(details)}`;
const leafText = (make: () => unknown) => {
  const value = make();
  return value instanceof Automerge.ImmutableString ? `leaf ${value.val.slice(0, 60)}` : fc.stringify(value);
};
const field = fc.constantFrom("name", "vectors", "payloadIndexes", "settings", "extra");

const edits: fc.Arbitrary<CatalogueEdit> = fc.oneof(
  fc.tuple(fc.constantFrom("format", "collections", "aliases", "extra"), oddLeaves).map(([key, make]) => ({
    what: say("put at the top", { key, value: leafText(make) }),
    apply: (document: Tree) => putIn(document, key, make()),
  })),
  fc.constantFrom("format", "collections", "aliases").map((key) => ({
    what: say("leave out at the top", { key }),
    apply: (document: Tree) => {
      delete document[key];
    },
  })),
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(3), field, oddLeaves).map(([n, key, make]) => ({
      what: say("put in a collection", { n, key, value: leafText(make) }),
      apply: (document: Tree) => putIn(someCollection(document, n), key, make()),
    })),
  },
  fc.tuple(fc.nat(3), field).map(([n, key]) => ({
    what: say("leave out in a collection", { n, key }),
    apply: (document: Tree) => {
      const collection = someCollection(document, n);
      if (collection !== undefined && key in collection) delete collection[key];
    },
  })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.nat(3),
        fc.constantFrom("payloadIndexes", "settings"),
        texts,
        fc.oneof(
          oddLeaves,
          fc.constant(() => leaf({ kind: "keyword" })),
        ),
      )
      .map(([n, where, key, make]) => ({
        what: say("put in", { n, where, key, value: leafText(make) }),
        apply: (document: Tree) => putIn(someCollection(document, n)?.[where], `:${wellFormed(key)}`, make()),
      })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(ids, names, fc.constantFrom(...oddSpaces, { "": space }), fc.constantFrom(":", ""))
      .map(([id, name, vectors, colon]) => ({
        what: say("make a collection", { key: `${colon}${id}`, name, vectors }),
        apply: (document: Tree) =>
          putIn(collectionsOf(document), `${colon}${id}`, {
            name: leaf(name),
            vectors: leaf(vectors),
            payloadIndexes: {},
            settings: {},
          }),
      })),
  },
  fc.tuple(ids, oddLeaves).map(([id, make]) => ({
    what: say("put in place of a collection", { id, value: leafText(make) }),
    apply: (document: Tree) => putIn(collectionsOf(document), `:${id}`, make()),
  })),
  fc.tuple(names, oddLeaves, fc.constantFrom(":", "")).map(([name, make, colon]) => ({
    what: say("put an alias", { name: `${colon}${name}`, value: leafText(make) }),
    apply: (document: Tree) => putIn(document["aliases"], `${colon}${name}`, make()),
  })),
  fc.tuple(members, fc.constantFrom("region", "url", "evicted"), oddLeaves).map(([member, key, make]) => ({
    what: say("put in a member", { member, key, value: leafText(make) }),
    apply: (document: Tree) => {
      const present = document[member];
      if (typeof present === "object" && present !== null) putIn(present, key, make());
      else document[member] = { region: leaf("r"), evicted: false, [key]: make() };
    },
  })),
  fc.tuple(members, oddLeaves).map(([member, make]) => ({
    what: say("put in place of a member", { member, value: leafText(make) }),
    apply: (document: Tree) => {
      document[member] = make();
    },
  })),
);

/** Edits that no replica of ours makes. */
export const catalogueEdits: fc.Arbitrary<CatalogueEdit> = edits.map((one) => told(one, () => one.what));

/** The change that these edits make of the catalogue as these rows have it; `undefined`: none, or one that no editor can make. */
export function editedCatalogue(
  rows: readonly Row[],
  origin: number,
  edits: readonly CatalogueEdit[],
): Uint8Array | undefined {
  const document = documentOf(rows, origin);
  try {
    const edited = Automerge.change(document, { time: 0 }, (draft) => {
      for (const { apply } of edits) apply(draft);
    });
    return Automerge.getLastLocalChange(edited);
  } catch {
    return undefined;
  }
}

/** A catalogue operation with this change. */
export function catalogueRow(change: Uint8Array, wallMs: number): Uint8Array {
  return bytesOf([1, 9, wallMs, 0, [], change]);
}
