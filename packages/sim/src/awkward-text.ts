import type { Command } from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import type { Draw } from "./draw.js";
import type { Random } from "./random.js";

/** Text that encoders, normalisers and readers of paths have changed: all of it well-formed. */
const awkwardTexts = [
  "",
  " ",
  "a",
  "\ufeffa",
  "a\ufeff",
  "\ufeff",
  "\u0000",
  "\ufffd",
  "\uffff",
  "😀",
  "\u{10ffff}",
  "e\u0301",
  "é",
  "\u202ea",
  "ﬁ",
  "İ",
  "constructor",
  "toString",
  "a.b",
  "a[0]",
  "[]",
  '"a"',
  "\\",
  "../a",
  `\ufeff${"e\u0301".repeat(120)}`,
] as const;

/** A vector's name that begins with a mark which some decoders drop. */
export const awkwardVector = "\ufeffé\u0301";

/** Members of a point's payload with awkward keys and values. */
export function textsOfPoint(random: Random): { [key: string]: string } {
  return { [random.pick(awkwardTexts)]: random.pick(awkwardTexts), text: random.pick(awkwardTexts) };
}

/** A key as a path names it, whatever is in it. */
function pathOf(key: string): string {
  return /^[\w]+$/.test(key) ? key : `"${key}"`;
}

/** Keys that a path can name. */
const pathKeys = awkwardTexts.filter((text) => text !== "" && !/["[\]\\]/.test(text));
/** No paths. */
const brokenPaths = [".x", "[[", "a..b", '"a', "a]", ""] as const;
/** Names that collections and aliases may have. */
const nameTexts = awkwardTexts.filter(
  (text) => text !== "" && !["/", "\\", '"', "\u0000"].some((one) => text.includes(one)),
);

function makers(collection: string): readonly ((random: Random) => Command)[] {
  const name = (random: Random) => `${random.pick(nameTexts)}${random.below(2)}`;
  return [
    (random) => ({ kind: "create-collection", name: name(random), vectors: {}, settings: {} }),
    (random) => ({ kind: "delete-collection", name: name(random) }),
    (random) => ({
      kind: "change-aliases",
      actions: [{ kind: "create-alias", collection, alias: `alias${random.pick(nameTexts)}` }],
    }),
    (random) => ({
      kind: "update-collection",
      collection,
      settings: { [`note${random.pick(awkwardTexts)}`]: random.pick(awkwardTexts) },
    }),
  ];
}

/** What clients do with awkward text. */
export function awkwardTextCommands(
  collection: string,
  someIds: (random: Random) => readonly PointId[],
): { readonly [kind: string]: (draw: Draw) => Command } {
  return {
    "text-payload": ({ random }) => ({
      kind: "set-payload",
      collection,
      target: { ids: someIds(random) },
      payload: textsOfPoint(random),
      ...(random.chance(0.5) ? { key: pathOf(random.pick(pathKeys)) } : {}),
    }),
    "text-filter": ({ random }) => ({
      kind: "set-payload",
      collection,
      target: {
        filter: {
          must: [{ kind: "match-value", key: "text", value: random.pick(awkwardTexts) }],
          should: [],
          mustNot: [],
        },
      },
      payload: textsOfPoint(random),
    }),
    "text-keys": ({ random }) => ({
      kind: "delete-payload",
      collection,
      target: { ids: someIds(random) },
      keys: [pathOf(random.pick(pathKeys))],
    }),
    "text-index": ({ random }) =>
      random.chance(0.7)
        ? { kind: "create-payload-index", collection, path: pathOf(random.pick(pathKeys)), schema: { kind: "keyword" } }
        : random.chance(0.5)
          ? { kind: "delete-payload-index", collection, path: pathOf(random.pick(pathKeys)) }
          : { kind: "create-payload-index", collection, path: random.pick(brokenPaths), schema: { kind: "keyword" } },
    "text-catalogue": ({ random }) => random.pick(makers(collection))(random),
  };
}
