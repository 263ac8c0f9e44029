import * as Automerge from "@automerge/automerge";
import { ImmutableString } from "@automerge/automerge";
import type { Dot } from "../causality/dot.js";
import type { CatalogueDocument } from "./catalogue-document.js";
import { actorOf } from "./check-change.js";
import { space } from "./commands.test-support.js";
import { graphKey } from "./vector-graphs.js";
import { incarnationKey } from "./vector-incarnation.js";

/** The document as somebody writes it who does not go by our types. */
type Raw = { [key: string]: Raw };
const leaf = (text: string) => new ImmutableString(text) as unknown as Raw;
const json = (value: unknown) => leaf(JSON.stringify(value));
const raw = (value: unknown) => value as Raw;

const made = (more: { readonly [field: string]: unknown } = {}) =>
  raw({ name: json("n"), vectors: json({ "": space }), payloadIndexes: {}, settings: {}, ...more });
const withSpace = (more: object) => made({ vectors: json({ "": { ...space, ...more } }) });
const added = { name: "late", generation: 1, space };
const late = { incarnation: { ...added, given: {} }, key: incarnationKey(added) };
const other = { vector: "", generation: 1, links: 8, efConstruction: 32, by: 1 };
const graph = { ...other, key: graphKey(other) };
const nested = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;

/** As a replica writes it. */
export const erasure = { collection: "1-1", name: "x", points: 1, through: [[1, 5]], by: "key", askedMs: 5 };

/**
 * Changes that no replica writes, by what they do. The document has the collection 1-1 with an index on `ok`, the alias `a` to it and
 * the member 1. `own` is the key of a collection that the change might make.
 */
export const hostileEdits: { readonly [what: string]: (document: Raw, own: string) => void } = {
  "a collection without leaves": (d, own) => (d["collections"]![own] = raw({})),
  "a collection without vectors": (d, own) =>
    (d["collections"]![own] = raw({ name: json("n"), payloadIndexes: {}, settings: {} })),
  "a collection without maps": (d, own) =>
    (d["collections"]![own] = raw({ name: json("n"), vectors: json({ "": space }) })),
  "a collection that is null": (d, own) => (d["collections"]![own] = raw(null)),
  "a collection that is a number": (d, own) => (d["collections"]![own] = raw(7)),
  "a collection that is a leaf": (d, own) => (d["collections"]![own] = json({})),
  "a collection that is a list": (d, own) => (d["collections"]![own] = raw([])),
  "a name that is not JSON": (d, own) => (d["collections"]![own] = made({ name: leaf("n") })),
  "a name that is a number": (d, own) => (d["collections"]![own] = made({ name: json(7) })),
  "a name that is a plain text": (d, own) => (d["collections"]![own] = made({ name: '"n"' })),
  "a name with a slash": (d, own) => (d["collections"]![own] = made({ name: json("../../x") })),
  "a name that is not well-formed": (d, own) => (d["collections"]![own] = made({ name: leaf('"a\\ud800"') })),
  "vectors that are null": (d, own) => (d["collections"]![own] = made({ vectors: json(null) })),
  "vectors that are not JSON": (d, own) => (d["collections"]![own] = made({ vectors: leaf("{") })),
  "a space that is null": (d, own) => (d["collections"]![own] = made({ vectors: json({ "": null }) })),
  "a space named __proto__": (d, own) =>
    (d["collections"]![own] = made({ vectors: leaf(`{"__proto__":${JSON.stringify(space)}}`) })),
  "a space named like a graph": (d, own) =>
    (d["collections"]![own] = made({ vectors: json({ "": space, [graph.key]: space }) })),
  "a dropped space named like a graph": (d, own) =>
    (d["collections"]![own] = made({
      vectors: json({ "": space, [graph.key]: space }),
      [`dropped:${graph.key}`]: json(true),
    })),
  "a space of no dimensions": (d, own) => (d["collections"]![own] = withSpace({ size: 0 })),
  "a space of a thousand million dimensions": (d, own) => (d["collections"]![own] = withSpace({ size: 1e9 })),
  "a space of half a dimension": (d, own) => (d["collections"]![own] = withSpace({ size: 1.5 })),
  "a space whose size is a text": (d, own) => (d["collections"]![own] = withSpace({ size: "4" })),
  "a space without links": (d, own) => (d["collections"]![own] = withSpace({ links: 0 })),
  "a space with links that are no number": (d, own) => (d["collections"]![own] = withSpace({ links: Number.NaN })),
  "a space with a huge construction": (d, own) => (d["collections"]![own] = withSpace({ efConstruction: 1e6 })),
  "an unknown distance": (d, own) => (d["collections"]![own] = withSpace({ distance: "toString" })),
  "an unknown quantization": (d, own) => (d["collections"]![own] = withSpace({ quantization: "pq" })),
  "an unknown encoding": (d, own) => (d["collections"]![own] = withSpace({ encoding: "f32" })),
  "an unknown field of a space": (d, own) => (d["collections"]![own] = withSpace({ shards: 2 })),
  "an added vector that is null": (d) => (d["collections"]![":1-1"]![`added:${late.key}`] = json(null)),
  "an added vector that is a plain text": (d) => (d["collections"]![":1-1"]![`added:${late.key}`] = raw("x")),
  "an added vector under its name": (d) => (d["collections"]![":1-1"]!["added:late"] = json(late.incarnation)),
  "an added vector under another's key": (d) =>
    (d["collections"]![":1-1"]![`added:${late.key}`] = json({ ...late.incarnation, generation: 2 })),
  "an added vector of no generation": (d) =>
    (d["collections"]![":1-1"]![`added:${late.key}`] = json({ ...late.incarnation, generation: 0 })),
  "an added vector of a generation without end": (d) =>
    (d["collections"]![":1-1"]![`added:${late.key}`] = json({ ...late.incarnation, generation: 2 ** 53 })),
  "an added vector of no space": (d) =>
    (d["collections"]![":1-1"]![`added:${late.key}`] = json({ ...late.incarnation, space: { size: 0 } })),
  "an added vector that says more": (d) =>
    (d["collections"]![":1-1"]![`added:${late.key}`] = json({ ...late.incarnation, more: 1 })),
  "an added vector named __proto__": (d) =>
    (d["collections"]![":1-1"]!["added:__proto__"] = json({ ...late.incarnation, name: "__proto__" })),
  "an added vector named like a graph": (d) => {
    const stray = { ...late.incarnation, name: graph.key };
    d["collections"]![":1-1"]![`added:${incarnationKey(stray)}`] = json(stray);
  },
  "a dropped vector that nobody added": (d) => (d["collections"]![":1-1"]![`dropped:${late.key}`] = json(true)),
  "a dropped vector that is not": (d) => (d["collections"]![":1-1"]!["dropped:"] = json(false)),
  "a graph that is null": (d) => (d["collections"]![":1-1"]![`graph:${graph.key}`] = json(null)),
  "a graph that is a plain text": (d) => (d["collections"]![":1-1"]![`graph:${graph.key}`] = raw("x")),
  "a graph under its vector's key": (d) => (d["collections"]![":1-1"]!["graph:"] = json(other)),
  "a graph under another's key": (d) =>
    (d["collections"]![":1-1"]![`graph:${graph.key}`] = json({ ...other, generation: 2 })),
  "a graph of no generation": (d) =>
    (d["collections"]![":1-1"]![`graph:${graph.key}`] = json({ ...other, generation: 0 })),
  "a graph of a vector that is none": (d) => {
    const stray = { ...other, vector: "nobody" };
    d["collections"]![":1-1"]![`graph:${graphKey(stray)}`] = json(stray);
  },
  "a graph of a graph": (d) => {
    const stray = { ...other, vector: graph.key };
    d["collections"]![":1-1"]![`graph:${graphKey(stray)}`] = json(stray);
  },
  "a graph with links beyond the bound": (d) => {
    const stray = { ...other, links: 1_000_000 };
    d["collections"]![":1-1"]![`graph:${graphKey(stray)}`] = json(stray);
  },
  "a graph that says more": (d) => (d["collections"]![":1-1"]![`graph:${graph.key}`] = json({ ...other, more: 1 })),
  "a switch to a graph that nobody made": (d) => (d["collections"]![":1-1"]![`switched:${graph.key}`] = json(true)),
  "a graph that was given up and is none": (d) => (d["collections"]![":1-1"]!["given-up:"] = json(true)),
  "an id that is a path": (d) => (d["collections"]![":../../x"] = made()),
  "an id of nobody": (d) => (d["collections"]![":0-1"] = made()),
  "an id of another operation": (d) => (d["collections"]![":1-77"] = made()),
  "a key without a colon": (d) => (d["collections"]!["2-1"] = made()),
  "a collection under __proto__": (d) => (d["collections"]![":__proto__"] = made()),
  "an index on a path that is none": (d) =>
    (d["collections"]![":1-1"]!["payloadIndexes"]![":[["] = json({ kind: "keyword" })),
  "an index on a path that begins with a dot": (d) =>
    (d["collections"]![":1-1"]!["payloadIndexes"]![":.x"] = json({ kind: "keyword" })),
  "an index on a path that is too long": (d) =>
    (d["collections"]![":1-1"]!["payloadIndexes"]![`:${"x".repeat(2_000)}`] = json({ kind: "keyword" })),
  "an index of a kind that is no name": (d) =>
    (d["collections"]![":1-1"]!["payloadIndexes"]![":x"] = json({ kind: "__proto__" })),
  "an index whose flag is a number": (d) =>
    (d["collections"]![":1-1"]!["payloadIndexes"]![":x"] = json({ kind: "integer", range: 1 })),
  "an index that is null": (d) => (d["collections"]![":1-1"]!["payloadIndexes"]![":x"] = json(null)),
  "indexes that are a number": (d) => (d["collections"]![":1-1"]!["payloadIndexes"] = raw(1)),
  "a setting that is not JSON": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = leaf("{]")),
  "a setting that is a number": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = raw(1)),
  "a setting beyond a double": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = leaf("1e999")),
  "a setting nested without end": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = leaf(nested)),
  "a setting with a prototype": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = leaf('{"a":{"__proto__":1}}')),
  "a setting that is not well-formed": (d) => (d["collections"]![":1-1"]!["settings"]![":m"] = leaf('["\\udc00"]')),
  "other dimensions": (d) => (d["collections"]![":1-1"]!["vectors"] = json({ "": { ...space, size: 5 } })),
  "one more vector": (d) => (d["collections"]![":1-1"]!["vectors"] = json({ "": space, more: space })),
  "no vectors any more": (d) => delete d["collections"]![":1-1"]!["vectors"],
  "a collection anew, with other dimensions": (d) => (d["collections"]![":1-1"] = withSpace({ size: 5 })),
  "a name that goes": (d) => delete d["collections"]![":1-1"]!["name"],
  "all collections at once": (d) => (d["collections"] = raw({})),
  "collections that are null": (d) => (d["collections"] = raw(null)),
  "no collections": (d) => delete d["collections"],
  "all aliases at once": (d) => (d["aliases"] = raw({})),
  "aliases that are a text": (d) => (d["aliases"] = raw("a")),
  "an alias to a number": (d) => (d["aliases"]![":b"] = json(7)),
  "an alias to a path": (d) => (d["aliases"]![":b"] = json("../../x")),
  "an alias to a prototype": (d) => (d["aliases"]![":b"] = json("__proto__")),
  "an alias that is no leaf": (d) => (d["aliases"]![":b"] = raw(true)),
  "an alias without a name": (d) => (d["aliases"]![":"] = json("1-1")),
  "an alias with a slash": (d) => (d["aliases"]![":a/b"] = json("1-1")),
  "a member that is null": (d) => (d["member-5"] = raw(null)),
  "a member that is a text": (d) => (d["member-5"] = raw("here")),
  "a member without a region": (d) => (d["member-5"] = raw({ evicted: false })),
  "a member whose region is a number": (d) => (d["member-5"] = raw({ region: json(5), evicted: false })),
  "a member neither evicted nor not": (d) => (d["member-5"] = raw({ region: json("r") })),
  "a member evicted by a text": (d) => (d["member-5"] = raw({ region: json("r"), evicted: "no" })),
  "a member whose address is a list": (d) => (d["member-5"] = raw({ region: json("r"), evicted: false, url: [] })),
  "a member 0": (d) => (d["member-0"] = raw({ region: json("r"), evicted: false })),
  "a member beyond all ids": (d) => (d["member-16777216"] = raw({ region: json("r"), evicted: false })),
  "a member with a name": (d) => (d["member-__proto__"] = raw({ region: json("r"), evicted: false })),
  "an erasure of another operation": (d) => (d["erasure-1-9"] = json(erasure)),
  "an erasure that is null": (d) => (d["erasure-2-1"] = raw(null)),
  "an erasure that is a text": (d) => (d["erasure-2-1"] = json("all")),
  "an erasure under no id": (d) => (d["erasure-__proto__"] = json(erasure)),
  "an erasure of no collection": (d) => (d["erasure-2-1"] = json({ ...erasure, collection: "../x" })),
  "an erasure of half a point": (d) => (d["erasure-2-1"] = json({ ...erasure, points: 0.5 })),
  "an erasure after all time": (d) => (d["erasure-2-1"] = json({ ...erasure, askedMs: 2 ** 48 })),
  "an erasure that says more": (d) => (d["erasure-2-1"] = json({ ...erasure, filter: {} })),
  "an erasure by a long name": (d) => (d["erasure-2-1"] = json({ ...erasure, by: "x".repeat(256) })),
  "an erasure through no frontier": (d) => (d["erasure-2-1"] = json({ ...erasure, through: { 1: 5 } })),
  "an erasure through a frontier of nobody": (d) => (d["erasure-2-1"] = json({ ...erasure, through: [[0, 5]] })),
  "an erasure through one member twice": (d) => {
    d["erasure-2-1"] = json({
      ...erasure,
      through: [
        [1, 5],
        [1, 6],
      ],
    });
  },
  "an erasure through more than there can be": (d) => {
    d["erasure-2-1"] = json({ ...erasure, through: Array.from({ length: 1_001 }, (_, i) => [i + 1, 1]) });
  },
  "a receipt in another's name": (d) => (d["erased-1-9-1"] = json({ atMs: 1, done: {} })),
  "a receipt of an own erasure in another's name": (d) => {
    d["erasure-2-1"] = json(erasure);
    d["erased-2-1-1"] = json({ atMs: 1, done: {} });
  },
  "a receipt without a time": (d) => (d["erased-1-9-2"] = json({ done: {} })),
  "a receipt of nothing done": (d) => (d["erased-1-9-2"] = json({ atMs: 1, done: [] })),
  "a receipt that is nested without end": (d) => (d["erased-1-9-2"] = leaf(`{"atMs":1,"done":{"a":${nested}}}`)),
  "a receipt under no id": (d) => (d["erased-2"] = json({ atMs: 1, done: {} })),
  "a later format": (d) => (d["format"] = raw(2)),
  "a format that is a text": (d) => (d["format"] = raw("1")),
};

/** The change that an edit makes of a document, as the operation `dot` would bring it. */
export function hostileChange(document: CatalogueDocument, dot: Dot, edit: (typeof hostileEdits)[string]): Uint8Array {
  const copy = Automerge.load<Raw>(document.save(), { actor: actorOf(dot.origin) });
  const edited = Automerge.change(copy, { time: 0 }, (root) => {
    edit(root as Raw, `:${dot.origin}-${dot.sequence}`);
  });
  return Automerge.getLastLocalChange(edited) as Uint8Array;
}
