import {
  type Filter,
  isDense,
  type Json,
  multiVector,
  type Payload,
  type PlainVector,
  type PointId,
  plainOfVector,
  sparseVector,
} from "@murmuration/index";
import fc from "fast-check";
import type { Command, NamedVectors, PointCommand } from "../command/command.js";
import { createCollection, everyPoint, point, space, tagIs, upsert, where } from "./replica.test-support.js";

// A database as simple as can be: it says what the answers must be, and shares no code with what it checks.

export interface ModelPoint {
  readonly payload: { readonly [key: string]: Json };
  readonly vectors: ReadonlyMap<string, PlainVector>;
}

export interface ModelCollection {
  readonly sizes: { readonly [vector: string]: number };
  points: Map<PointId, ModelPoint>;
}

export type Model = Map<string, ModelCollection>;
type Refused = "refused";

type PlainObject = { readonly [key: string]: Json };
const isObject = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Filters that the generator uses, each beside what it means. */
export const filters: readonly {
  readonly filter: Filter;
  readonly holds: (id: PointId, value: ModelPoint) => boolean;
}[] = [
  { filter: everyPoint, holds: () => true },
  { filter: tagIs("red"), holds: (_, { payload }) => [payload["tag"]].flat().includes("red") },
  {
    filter: where({ kind: "range", key: "n", gte: 2 }),
    holds: (_, { payload }) => typeof payload["n"] === "number" && payload["n"] >= 2,
  },
  { filter: where({ kind: "has-id", ids: [1, 2, 3] }), holds: (id) => id === 1 || id === 2 || id === 3 },
  {
    filter: { must: [], should: [], mustNot: [{ kind: "match-value", key: "deep.x", value: 1 }] },
    holds: (_, { payload }) => !(isObject(payload["deep"]) && payload["deep"]["x"] === 1),
  },
];

function merged(target: Json | undefined, patch: PlainObject): PlainObject {
  const result: { [key: string]: Json } = { ...(isObject(target) ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = value;
  }
  return result;
}

function without(payload: PlainObject, path: string): PlainObject {
  const [key, rest] = path.split(".") as [string, string?];
  const inner = payload[key];
  if (rest !== undefined) return isObject(inner) ? { ...payload, [key]: without(inner, rest) } : payload;
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name !== key));
}

function fits(collection: ModelCollection, vectors: NamedVectors): boolean {
  return Object.entries(vectors).every(([name, vector]) => {
    if (isDense(vector)) return collection.sizes[name] === vector.length;
    return collection.sizes[name] === (vector.kind === "multi" ? vector.dimensions : 0);
  });
}

const holdsOf = (filter: Filter) => filters.find((entry) => entry.filter === filter)?.holds ?? (() => true);
const vectorMap = (vectors: NamedVectors) =>
  new Map(Object.entries(vectors).map(([name, values]) => [name, plainOfVector(values)] as const));

function applyToPoints(collection: ModelCollection, command: PointCommand): Refused | undefined {
  const { points } = collection;
  const change = (id: PointId, next: (value: ModelPoint) => Partial<ModelPoint>) => {
    const value = points.get(id);
    if (value !== undefined) points.set(id, { ...value, ...next(value) });
  };
  if (command.kind === "upsert-points" || command.kind === "update-vectors") {
    const before = new Map(points);
    const matches = command.updateFilter === undefined ? () => true : holdsOf(command.updateFilter);
    if (!command.points.every(({ vectors }) => fits(collection, vectors))) return "refused";
    if (command.kind === "update-vectors") {
      if (!command.points.every(({ id }) => points.has(id))) return "refused";
      for (const { id, vectors } of command.points) {
        if (!matches(id, before.get(id) as ModelPoint)) continue;
        change(id, (value) => ({ vectors: new Map([...value.vectors, ...vectorMap(vectors)]) }));
      }
      return undefined;
    }
    for (const { id, vectors, payload } of command.points) {
      const known = before.get(id);
      if (known === undefined ? command.mode === "update-only" : command.mode === "insert-only" || !matches(id, known))
        continue;
      points.set(id, { payload: payload as PlainObject, vectors: vectorMap(vectors) });
    }
    return undefined;
  }
  const { target } = command;
  const ids =
    "ids" in target
      ? target.ids
      : [...points].filter(([id, value]) => holdsOf(target.filter)(id, value)).map(([id]) => id);
  const mustExist = command.kind !== "delete-points" && command.kind !== "clear-payload";
  if (command.kind === "delete-vectors" && command.vectors.some((name) => collection.sizes[name] === undefined))
    return "refused";
  if (mustExist && ids.some((id) => !points.has(id))) return "refused";
  for (const id of ids) {
    switch (command.kind) {
      case "delete-points":
        points.delete(id);
        break;
      case "clear-payload":
        change(id, () => ({ payload: {} }));
        break;
      case "delete-vectors":
        change(id, ({ vectors }) => ({
          vectors: new Map([...vectors].filter(([name]) => !command.vectors.includes(name))),
        }));
        break;
      case "delete-payload":
        change(id, ({ payload }) => ({ payload: command.keys.reduce(without, payload) }));
        break;
      case "set-payload":
      case "overwrite-payload": {
        const patch = command.payload as PlainObject;
        const { key } = command;
        const put = (target: Json | undefined) => (command.kind === "set-payload" ? merged(target, patch) : patch);
        change(id, ({ payload }) => ({
          payload: key === undefined ? put(payload) : { ...payload, [key]: put(payload[key]) },
        }));
      }
    }
  }
  return undefined;
}

/** Executes a command on the model; "refused" where the replica must refuse it. */
export function executeOnModel(model: Model, command: Command): Refused | undefined {
  switch (command.kind) {
    case "create-collection": {
      if (model.has(command.name)) return "refused";
      const sizes = Object.fromEntries(Object.entries(command.vectors).map(([name, { size = 0 }]) => [name, size]));
      model.set(command.name, { sizes, points: new Map() });
      return undefined;
    }
    case "delete-collection":
      model.delete(command.name);
      return undefined;
    case "update-collection":
    case "create-payload-index":
    case "delete-payload-index":
      return model.has(command.collection) ? undefined : "refused";
    case "change-aliases":
    case "join-member":
    case "set-member-keys":
    case "evict-member":
    case "add-vector":
    case "drop-vector":
    case "begin-graph":
    case "switch-graph":
    case "give-up-graph":
    case "begin-erasure":
    case "confirm-erasures":
      return undefined;
    case "point-batch": {
      const collection = model.get(command.collection);
      if (collection === undefined) return "refused";
      const copy = { ...collection, points: new Map(collection.points) };
      if (command.commands.some((each) => applyToPoints(copy, each) === "refused")) return "refused";
      collection.points = copy.points;
      return undefined;
    }
    default: {
      const collection = model.get(command.collection);
      return collection === undefined ? "refused" : applyToPoints(collection, command);
    }
  }
}

// What follows makes command sequences over few names, ids and values, so that they meet.

/** Distances of integer coordinates are exact, so that answers can be compared exactly. */
const coordinate = fc.integer({ min: -3, max: 3 });
const vector = (size: number) =>
  fc.array(coordinate, { minLength: size, maxLength: size }).map((values) => Float32Array.from(values));

export const ids: readonly PointId[] = [1, 2, 3, 4, 5, 6, 7, 2n ** 60n, "11111111-1111-4111-8111-111111111111"];
const id = fc.constantFrom(...ids);
const scalar = fc.constantFrom<Json>("red", "blue", 1, 2, 3, null, true);
const payload: fc.Arbitrary<Payload> = fc.record(
  {
    tag: fc.oneof(scalar, fc.constant<Json>(["red", "green"])),
    n: scalar,
    deep: fc.oneof(scalar, fc.record({ x: scalar, y: scalar }, { requiredKeys: [], noNullPrototype: true })),
    constructor: scalar,
  },
  { requiredKeys: [], noNullPrototype: true },
);

const sparse = fc
  .uniqueArray(fc.tuple(fc.nat(5), coordinate), { maxLength: 4, selector: ([index]) => index })
  .map((pairs) =>
    sparseVector(
      pairs.map(([index]) => index),
      pairs.map(([, value]) => value),
      "s",
    ),
  );
const multi = fc.array(vector(2), { minLength: 1, maxLength: 3 }).map((parts) => multiVector(parts, "m"));

const spaces = {
  a: { "": space(3, "Dot") },
  n: {
    x: space(2, "Euclid"),
    y: space(4, "Manhattan"),
    s: { kind: "sparse" },
    m: { kind: "multi", size: 2, distance: "Dot" },
  },
} as const;
const collection = fc.constantFrom("a", "n");
const mostly = (name: "a" | "n"): fc.Arbitrary<NamedVectors> =>
  name === "a"
    ? fc.record(
        { "": fc.oneof({ weight: 30, arbitrary: vector(3) }, { weight: 1, arbitrary: vector(2) }) },
        { noNullPrototype: true },
      )
    : fc.record({ x: vector(2), y: vector(4), s: sparse, m: multi }, { requiredKeys: [], noNullPrototype: true });

const target = fc.oneof(
  fc.uniqueArray(id, { minLength: 1, maxLength: 2 }).map((some) => ({ ids: some })),
  fc.constantFrom(...filters).map(({ filter }) => ({ filter })),
);
const updateFilter = fc.option(
  fc.constantFrom(...filters).map(({ filter }) => filter),
  { nil: undefined },
);
const withFilter = (filter: Filter | undefined) => (filter === undefined ? {} : { updateFilter: filter });
const withKey = (key: string | undefined) => (key === undefined ? {} : { key });

const upserts: fc.Arbitrary<PointCommand> = collection.chain((name) =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(id, mostly(name as "a" | "n"), payload), {
        minLength: 1,
        maxLength: 6,
        selector: ([which]) => which,
      }),
      fc.constantFrom(
        "upsert" as const,
        "upsert" as const,
        "upsert" as const,
        "insert-only" as const,
        "update-only" as const,
      ),
      updateFilter,
    )
    .map(([points, mode, filter]) =>
      upsert(
        name,
        points.map((each) => point(...each)),
        { mode, ...withFilter(filter) },
      ),
    ),
);

const vectorUpdates: fc.Arbitrary<PointCommand> = collection.chain((name) =>
  fc
    .tuple(
      fc.uniqueArray(fc.tuple(id, mostly(name as "a" | "n")), {
        minLength: 1,
        maxLength: 2,
        selector: ([which]) => which,
      }),
      updateFilter,
    )
    .map(
      ([points, filter]): PointCommand => ({
        kind: "update-vectors",
        collection: name,
        points: points.map(([which, vectors]) => ({ id: which, vectors })),
        ...withFilter(filter),
      }),
    ),
);

const onPoints: fc.Arbitrary<PointCommand> = fc.oneof(
  fc
    .tuple(collection, target)
    .map(([name, to]): PointCommand => ({ kind: "delete-points", collection: name, target: to })),
  fc
    .tuple(collection, target)
    .map(([name, to]): PointCommand => ({ kind: "clear-payload", collection: name, target: to })),
  fc
    .tuple(
      collection,
      target,
      payload,
      fc.constantFrom("set-payload" as const, "overwrite-payload" as const),
      fc.constantFrom(undefined, "deep"),
    )
    .map(
      ([name, to, patch, kind, key]): PointCommand => ({
        kind,
        collection: name,
        target: to,
        payload: patch,
        ...withKey(key),
      }),
    ),
  fc
    .tuple(collection, target, fc.subarray(["n", "deep.x", "constructor"]))
    .map(([name, to, keys]): PointCommand => ({ kind: "delete-payload", collection: name, target: to, keys })),
  fc
    .tuple(collection, target, fc.subarray(["x", "y", ""]))
    .map(([name, to, vectors]): PointCommand => ({ kind: "delete-vectors", collection: name, target: to, vectors })),
);

/** Several of them on one collection. */
const batches: fc.Arbitrary<Command> = fc
  .tuple(collection, fc.array(fc.oneof(upserts, vectorUpdates, onPoints), { minLength: 1, maxLength: 5 }))
  .map(([name, commands]) => ({
    kind: "point-batch",
    collection: name,
    commands: commands.filter((each) => each.collection === name),
  }));

const onCatalogue: fc.Arbitrary<Command> = fc.oneof(
  fc.constantFrom<Command>(
    createCollection("a", spaces.a),
    createCollection("n", spaces.n),
    { kind: "delete-collection", name: "n" },
    { kind: "delete-payload-index", collection: "a", path: "tag" },
  ),
  fc
    .tuple(collection, fc.constantFrom(["tag", "keyword"] as const, ["n", "integer"] as const, ["n", "float"] as const))
    .map(
      ([name, [path, kind]]): Command => ({ kind: "create-payload-index", collection: name, path, schema: { kind } }),
    ),
);

/** Groups of commands; the first makes both collections. */
export const commandGroups: fc.Arbitrary<Command[][]> = fc
  .array(
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: upserts },
        { weight: 2, arbitrary: vectorUpdates },
        { weight: 6, arbitrary: onPoints },
        { weight: 2, arbitrary: batches },
        { weight: 1, arbitrary: onCatalogue },
      ),
      { minLength: 1, maxLength: 5 },
    ),
    { minLength: 1, maxLength: 8, size: "max" },
  )
  .map((groups) => [[createCollection("a", spaces.a), createCollection("n", spaces.n)], ...groups]);
