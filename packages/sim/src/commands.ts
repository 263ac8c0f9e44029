import type { Command, NamedVectors, PointInput, UpsertPoints } from "@murmuration/core";
import type { Filter, JsonObject } from "@murmuration/index";
import { awkwardTextCommands, awkwardVector, textsOfPoint } from "./awkward-text.js";
import { multiOf, sparseOf } from "./data.js";
import type { Draw } from "./draw.js";
import { lateVectorCommands } from "./late-vectors.js";
import type { Profile } from "./profiles.js";
import type { Random } from "./random.js";

export const collectionName = "points";
/** Point ids are below this: few enough that clients meet. */
export const IDS = 120;
export const SECOND_DIMENSIONS = 4;

const collection = collectionName;

/** Points with this value at this key of their payload. */
export function having(key: string, value: string | number): Filter {
  return { must: [{ kind: "match-value", key, value }], should: [], mustNot: [] };
}

/** Points with this number that also satisfy a condition of another kind, which depends on it. */
function havingMore(n: number): Filter {
  const more = [
    { kind: "match-text", key: "words", how: "phrase", text: n % 2 === 0 ? "the green" : "red and" },
    { kind: "datetime-range", key: "at", gte: 1_709_197_200_000_000 + (n % 3) * 3_600_000_000 },
    { kind: "geo-radius", key: "place", center: { lon: -180, lat: n }, radius: 2_000_000 },
    { kind: "match-prefix", key: "key", prefix: "00000000-" },
  ] as const;
  const one = more[n % more.length] ?? more[0];
  return { must: [{ kind: "match-value", key: "n", value: n }, one], should: [], mustNot: [] };
}

/** What indexes of every kind find something in, made of what is drawn anyway. */
function indexedValues(tag: string, n: number): JsonObject {
  return {
    words: n % 4 === 0 ? [`red ${tag}`, "the green one"] : `${tag} of red and ${"green ".repeat(n % 3)}`,
    at: n % 2 === 0 ? `2024-02-29T1${n}:00:00+02:00` : `2024-02-29 1${n}:00:00.00000${n}`,
    place:
      n % 3 === 0
        ? [
            { lon: 18 * n, lat: 90 },
            { lon: -180 + n, lat: n },
          ]
        : { lon: 180 - n, lat: n },
    key: `00000000-0000-0000-0000-00000000000${n}`,
  };
}

function point({ random, profile, vector }: Draw): PointInput {
  const id = random.below(IDS);
  const values = vector();
  const [tag, n] = [random.pick(["a", "b", "c"]), random.below(10)];
  const payload = {
    tag,
    n,
    ...indexedValues(tag, n),
    ...(profile.hasAwkwardText === true ? textsOfPoint(random) : {}),
  };
  if (profile.hasSecondVector !== true) {
    const sparse = profile.hasSparseVectors === true ? { [sparseVectorName]: sparseOf(values) } : {};
    const multi = profile.hasMultivectors === true && id % 5 !== 0 ? { [multivectorName]: multiOf(values) } : {};
    return { id, vectors: { "": values, ...sparse, ...multi }, payload };
  }
  return { id, vectors: namedVectors(random, profile, values), payload };
}

/** Where there is a second vector, there are sparse ones of this name too. */
export const sparseVectorName = "terms";

/** What multivectors are called. */
export const multivectorName = "parts";

/** What the second vector is called. */
export function secondVectorOf({ hasAwkwardText = false }: Profile): string {
  return hasAwkwardText ? awkwardVector : "second";
}

/** The first vector, the second, or both. */
function namedVectors(random: Random, profile: Profile, values: Float32Array): NamedVectors {
  const which = random.below(4);
  const second = Float32Array.from({ length: SECOND_DIMENSIONS }, () => random.between(-3, 3));
  return {
    ...(which === 0 ? {} : { "": values }),
    ...(which === 1 ? {} : { [secondVectorOf(profile)]: second }),
    ...(which % 2 === 0 ? { [sparseVectorName]: sparseOf(which === 0 ? second : values) } : {}),
    ...(which !== 2 && profile.hasMultivectors === true ? { [multivectorName]: multiOf(values) } : {}),
  };
}

function someIds(random: Random): number[] {
  return Array.from({ length: random.between(1, 4) }, () => random.below(IDS));
}

function upsert(points: readonly PointInput[], mode: UpsertPoints["mode"]): UpsertPoints {
  return { kind: "upsert-points", collection, points, mode };
}

function catalogueEdit({ random }: Draw): Command {
  const name = `other-${random.below(3)}`;
  return random.pick<() => Command>([
    () => ({ kind: "create-collection", name, vectors: {}, settings: {} }),
    () => ({ kind: "delete-collection", name }),
    () => ({
      kind: "change-aliases",
      actions: [{ kind: "create-alias", collection, alias: `alias-${random.below(2)}` }],
    }),
    () => ({ kind: "update-collection", collection, settings: { note: random.below(100) } }),
  ])();
}

/** What clients do, by the name that profiles weigh it under. */
export const commandMakers: { readonly [kind: string]: (draw: Draw) => Command } = {
  upsert: (draw) => {
    const count = draw.random.between(1, draw.profile.batch);
    return upsert(
      Array.from({ length: count }, () => point(draw)),
      "upsert",
    );
  },
  update: (draw) => upsert([point(draw), point(draw)], "update-only"),
  "insert-only": (draw) => upsert([point(draw), point(draw)], "insert-only"),
  "update-filter": (draw) => ({
    ...upsert([point(draw), point(draw)], "upsert"),
    updateFilter: havingMore(draw.random.below(10)),
  }),
  delete: ({ random }) => ({ kind: "delete-points", collection, target: { ids: someIds(random) } }),
  erase: () => ({ kind: "begin-erasure", collection, points: 0, by: "client", through: [], askedMs: 0 }),
  "delete-filter": ({ random }) => ({
    kind: "delete-points",
    collection,
    target: { filter: having("n", random.below(10)) },
  }),
  vectors: ({ random, profile, vector }) => ({
    kind: "update-vectors",
    collection,
    points: [{ id: random.below(IDS), vectors: namedVectors(random, profile, vector()) }],
  }),
  "vectors-twice": ({ random, profile, vector }) => {
    const id = random.below(IDS);
    const second = Float32Array.from({ length: SECOND_DIMENSIONS }, () => random.between(-3, 3));
    const points = [
      { id, vectors: { "": vector() } },
      { id, vectors: { [secondVectorOf(profile)]: second } },
    ];
    return { kind: "update-vectors", collection, points };
  },
  "drop-vectors": ({ random, profile }) => ({
    kind: "delete-vectors",
    collection,
    target: { ids: someIds(random) },
    vectors: [
      random.pick([
        "",
        secondVectorOf(profile),
        ...(profile.hasSecondVector === true ? [sparseVectorName] : []),
        ...(profile.hasMultivectors === true ? [multivectorName] : []),
      ]),
    ],
  }),
  payload: ({ random }) => ({
    kind: "set-payload",
    collection,
    target: { filter: having("tag", random.pick(["a", "b"])) },
    payload: { n: random.below(10), [random.pick(["x", "y"])]: random.below(100) },
  }),
  "payload-at": ({ random }) => ({
    kind: "set-payload",
    collection,
    target: { ids: someIds(random) },
    payload: { inner: random.below(100) },
    key: random.pick(["deep", "deep.er"]),
  }),
  overwrite: ({ random }) => ({
    kind: "overwrite-payload",
    collection,
    target: { ids: someIds(random) },
    payload: { tag: random.pick(["a", "d"]), n: random.below(10) },
  }),
  "drop-keys": ({ random }) => ({
    kind: "delete-payload",
    collection,
    target: { filter: havingMore(random.below(10)) },
    keys: random.pick([["tag"], ["x", "y"], ["deep.er"]]),
  }),
  clear: ({ random }) => ({ kind: "clear-payload", collection, target: { ids: someIds(random) } }),
  batch: (draw) => {
    const { random } = draw;
    const target = () => ({ filter: having("n", random.below(10)) });
    const commands = [
      upsert([point(draw), point(draw)], random.pick(["upsert", "insert-only", "update-only"])),
      { kind: "set-payload", collection, target: target(), payload: { n: random.below(10) } } as const,
      { ...upsert([point(draw), point(draw)], "upsert"), updateFilter: havingMore(random.below(10)) },
      { kind: "delete-points", collection, target: target() } as const,
    ];
    return { kind: "point-batch", collection, commands };
  },
  index: ({ random }) =>
    random.pick<() => Command>([
      () => ({ kind: "create-payload-index", collection, path: "n", schema: { kind: "integer" } }),
      () => ({ kind: "create-payload-index", collection, path: "tag", schema: { kind: "keyword" } }),
      () => ({
        kind: "create-payload-index",
        collection,
        path: "words",
        schema: { kind: "text", parameters: { phrase_matching: true } },
      }),
      () => ({ kind: "create-payload-index", collection, path: "at", schema: { kind: "datetime" } }),
      () => ({ kind: "create-payload-index", collection, path: "place", schema: { kind: "geo" } }),
      () => ({ kind: "create-payload-index", collection, path: "key", schema: { kind: "uuid" } }),
      () => ({
        kind: "delete-payload-index",
        collection,
        path: random.pick(["n", "tag", "words", "at", "place", "key"]),
      }),
      () => ({
        kind: "delete-payload-index",
        collection,
        path: random.pick(["n", "tag", "words", "at", "place", "key"]),
      }),
      () => ({
        kind: "delete-payload-index",
        collection,
        path: random.pick(["n", "tag", "words", "at", "place", "key"]),
      }),
    ])(),
  catalogue: catalogueEdit,
  ...lateVectorCommands(collection, IDS),
  ...awkwardTextCommands(collection, someIds),
};
