import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Command, PointCommand } from "../command/command.js";
import { Cluster } from "./cluster.test-support.js";
import type { Replica } from "./replica.js";
import { createCollection, payloadOf, point, run, space, tagIs, upsert, vectorsOf } from "./replica.test-support.js";

// One test per row of the table in docs/convergence.md, named like its first two columns.

const vectors = { a: space(2, "Euclid"), b: space(2, "Euclid") };
const old = upsert("c", [point(1, { a: Float32Array.of(1, 0), b: Float32Array.of(0, 1) }, { tag: "old", n: 0 })]);
const later = upsert("c", [point(1, { a: Float32Array.of(5, 5), b: Float32Array.of(6, 6) }, { tag: "new" })]);
const other = upsert("c", [point(1, { a: Float32Array.of(7, 7) }, { tag: "other", m: 1 })]);
const drop: Command = { kind: "delete-points", collection: "c", target: { ids: [1] } };
const set = (payload: Record<string, number>): PointCommand => ({
  kind: "set-payload",
  collection: "c",
  target: { ids: [1] },
  payload,
});
const clear: Command = { kind: "clear-payload", collection: "c", target: { ids: [1] } };
const move = (a: number): PointCommand => ({
  kind: "update-vectors",
  collection: "c",
  points: [{ id: 1, vectors: { a: Float32Array.of(a, a) } }],
});
const alias = (collection: string): Command => ({
  kind: "change-aliases",
  actions: [{ kind: "create-alias", collection, alias: "x" }],
});
const add = (name: string, size = 2): Command => ({
  kind: "add-vector",
  collection: "c",
  name,
  space: space(size, "Euclid"),
  given: {},
});
const dropVector = (name: string): Command => ({ kind: "drop-vector", collection: "c", name });
const give = (given: { readonly [name: string]: Float32Array }): Command => ({
  kind: "update-vectors",
  collection: "c",
  points: [{ id: 1, vectors: given }],
});
const link = (links: number): Command => ({
  kind: "begin-graph",
  collection: "c",
  vector: "a",
  links,
  efConstruction: 20,
  by: 0,
});
/** How the vector `a` is linked, by one of these. */
const linkedBy =
  (...expected: number[]) =>
  (replica: Replica) => {
    const { a } = replica.shard("c").collection.vectors;
    assert.ok(a !== undefined && "links" in a && expected.includes(a.links), JSON.stringify(a));
  };
const names = (replica: Replica) => Object.values(replica.catalogue.collections).map(({ name }) => name);

interface Row {
  readonly one: string;
  readonly another: string;
  /** The pair, and what holds on every replica when the second was executed later, and when the first was. */
  readonly pair: readonly [Command | readonly Command[], Command | readonly Command[]];
  readonly secondLater: (replica: Replica) => void;
  readonly firstLater: (replica: Replica) => void;
}

const payloadIs = (expected: unknown) => (replica: Replica) => assert.deepEqual(payloadOf(replica, "c", 1), expected);
const isGone = payloadIs(undefined);
const both =
  (...checks: ((replica: Replica) => void)[]) =>
  (replica: Replica) => {
    for (const check of checks) check(replica);
  };
const vectorIs = (expected: unknown) => (replica: Replica) => assert.deepEqual(vectorsOf(replica, "c", 1), expected);
const collectionsAre =
  (...expected: string[]) =>
  (replica: Replica) =>
    assert.deepEqual(names(replica).sort(), expected);
/** The vectors of the collection, by name, and their sizes. */
const vectorsAre = (expected: { readonly [name: string]: number }) => (replica: Replica) => {
  const { vectors: spaces } = replica.shard("c").collection;
  const sizes = Object.entries(spaces).map(([name, of]) => [name, "size" in of ? of.size : undefined]);
  assert.deepEqual(Object.fromEntries(sizes), expected);
};
const aliasesAre = (expected: unknown) => (replica: Replica) => {
  const { aliases, collections } = replica.catalogue;
  const byName = Object.entries(aliases).map(([name, id]) => [name, collections[id]?.name]);
  assert.deepEqual(Object.fromEntries(byName), expected);
};
const same = (check: (replica: Replica) => void) => ({ secondLater: check, firstLater: check });

const rows: readonly Row[] = [
  {
    one: "upsert",
    another: "upsert of the same id",
    pair: [later, other],
    secondLater: both(payloadIs({ tag: "other", m: 1 }), vectorIs({ a: [7, 7] })),
    firstLater: both(payloadIs({ tag: "new" }), vectorIs({ a: [5, 5], b: [6, 6] })),
  },
  {
    one: "upsert",
    another: "delete of the same id",
    pair: [later, drop],
    secondLater: isGone,
    firstLater: payloadIs({ tag: "new" }),
  },
  {
    one: "delete",
    another: "update of vectors or payload",
    pair: [drop, set({ n: 9 })],
    ...same(isGone),
  },
  {
    one: "set field",
    another: "set of another field",
    pair: [set({ n: 1 }), set({ m: 2 })],
    ...same(payloadIs({ tag: "old", n: 1, m: 2 })),
  },
  {
    one: "set field",
    another: "set of the same field",
    pair: [set({ n: 1 }), set({ n: 2 })],
    secondLater: payloadIs({ tag: "old", n: 2 }),
    firstLater: payloadIs({ tag: "old", n: 1 }),
  },
  {
    one: "set field",
    another: "overwrite or clear of the payload",
    pair: [set({ n: 1 }), clear],
    secondLater: payloadIs({}),
    firstLater: payloadIs({ n: 1 }),
  },
  {
    one: "update of a vector",
    another: "upsert",
    pair: [move(3), later],
    secondLater: vectorIs({ a: [5, 5], b: [6, 6] }),
    firstLater: vectorIs({ a: [3, 3], b: [6, 6] }),
  },
  {
    one: "write by filter",
    another: "any write",
    // point 2 matches only because of the other write
    pair: [
      { kind: "delete-points", collection: "c", target: { filter: tagIs("old") } },
      upsert("c", [point(2, { a: Float32Array.of(2, 2) }, { tag: "old" })]),
    ],
    ...same(both(isGone, (replica) => assert.deepEqual(payloadOf(replica, "c", 2), { tag: "old" }))),
  },
  {
    one: "upsert with a filter, or to existing points alone",
    another: "write after which it would not be done",
    pair: [{ ...later, updateFilter: tagIs("old") }, set({ tag: 9 })],
    secondLater: both(payloadIs({ tag: 9 }), vectorIs({ a: [5, 5], b: [6, 6] })),
    firstLater: both(payloadIs({ tag: "new" }), vectorIs({ a: [5, 5], b: [6, 6] })),
  },
  {
    one: "insert of a new point alone",
    another: "the same elsewhere",
    pair: [
      upsert("c", [point(3, { a: Float32Array.of(3, 3) }, { by: "one" })], { mode: "insert-only" }),
      upsert("c", [point(3, { a: Float32Array.of(4, 4) }, { by: "other" })], { mode: "insert-only" }),
    ],
    secondLater: (replica) => assert.deepEqual(payloadOf(replica, "c", 3), { by: "other" }),
    firstLater: (replica) => assert.deepEqual(payloadOf(replica, "c", 3), { by: "one" }),
  },
  {
    one: "batch",
    another: "write between two of its writes",
    pair: [{ kind: "point-batch", collection: "c", commands: [set({ n: 1 }), move(3)] }, later],
    secondLater: both(payloadIs({ tag: "new" }), vectorIs({ a: [5, 5], b: [6, 6] })),
    firstLater: both(payloadIs({ tag: "new", n: 1 }), vectorIs({ a: [3, 3], b: [6, 6] })),
  },
  {
    one: "upsert that keeps a vector",
    another: "delete",
    pair: [upsert("c", [point(1, { a: Float32Array.of(1, 0), b: Float32Array.of(0, 1) }, { tag: "kept" })]), drop],
    secondLater: isGone,
    firstLater: both(payloadIs({ tag: "kept" }), vectorIs({ a: [1, 0], b: [0, 1] })),
  },
  {
    one: "create a collection",
    another: "create one of the same name",
    pair: [createCollection("new", { "": space(2) }), createCollection("new", { "": space(3) })],
    ...same(collectionsAre("c", "d", "new", "new")),
  },
  {
    one: "change a collection",
    another: "delete it",
    pair: [later, { kind: "delete-collection", name: "c" }],
    ...same(collectionsAre("d")),
  },
  {
    one: "add a vector",
    another: "add one of the same name and parameters",
    pair: [
      [add("n"), give({ n: Float32Array.of(1, 2) })],
      [add("n"), give({ b: Float32Array.of(3, 4) })],
    ],
    ...same(both(vectorsAre({ a: 2, b: 2, n: 2 }), vectorIs({ a: [1, 0], b: [3, 4], n: [1, 2] }))),
  },
  {
    one: "add a vector",
    another: "add one of the same name with other parameters",
    pair: [add("n", 2), add("n", 3)],
    // the lower key of the two, which is a hash of what was asked for
    ...same(vectorsAre({ a: 2, b: 2, n: 3 })),
  },
  {
    one: "add a vector",
    another: "drop one of its name",
    pair: [[dropVector("a"), add("a", 3)], dropVector("a")],
    ...same(both(vectorsAre({ b: 2, a: 3 }), vectorIs({ b: [0, 1] }))),
  },
  {
    one: "make another graph of a vector",
    another: "upsert",
    pair: [link(6), later],
    ...same(both(linkedBy(6), vectorIs({ a: [5, 5], b: [6, 6] }))),
  },
  {
    one: "make another graph of a vector",
    another: "make one of other parameters",
    pair: [link(6), link(7)],
    ...same(both(linkedBy(6, 7), vectorIs({ a: [1, 0], b: [0, 1] }))),
  },
  {
    one: "make another graph of a vector",
    another: "drop the vector",
    pair: [link(6), dropVector("a")],
    ...same(both(vectorsAre({ b: 2 }), vectorIs({ b: [0, 1] }))),
  },
  {
    one: "drop a vector",
    another: "any write that names it",
    pair: [dropVector("a"), later],
    ...same(both(vectorsAre({ b: 2 }), vectorIs({ b: [6, 6] }), payloadIs({ tag: "new" }))),
  },
  {
    one: "move an alias",
    another: "move it elsewhere",
    pair: [alias("c"), alias("d")],
    ...same((replica) => assert.deepEqual(Object.keys(replica.catalogue.aliases), ["x"])),
  },
  {
    one: "alias to a collection",
    another: "delete of that collection",
    pair: [alias("d"), { kind: "delete-collection", name: "d" }],
    ...same(both(collectionsAre("c"), aliasesAre({}))),
  },
];

/** Executes the pair on two replicas that are cut off from each other, the one of `order[0]` first. */
function outcomeOf([a, b]: Row["pair"], order: readonly [0 | 1, 0 | 1]): Replica[] {
  const cluster = new Cluster([1, 2, 3]);
  cluster.pass(3);
  run(cluster.get(1), createCollection("c", vectors), createCollection("d", { "": space(2) }), old);
  cluster.pass(3);
  for (const [one, another] of [
    [1, 2],
    [1, 3],
    [2, 3],
  ] as const)
    cluster.cut(one, another);
  for (const which of order) {
    cluster.nowMs += 10;
    run(cluster.get(which + 1), ...[which === 0 ? a : b].flat());
    cluster.post(which + 1, cluster.get(which + 1).outbox());
  }
  cluster.heal();
  cluster.settle();
  return [1, 2, 3].map((id) => cluster.get(id));
}

for (const { one, another, pair, secondLater, firstLater } of rows) {
  test(`${one} / ${another}`, () => {
    for (const replica of outcomeOf(pair, [0, 1])) secondLater(replica);
    for (const replica of outcomeOf(pair, [1, 0])) firstLater(replica);
  });
}

test("the table of concurrent operations has a test for each row", () => {
  const text = readFileSync(new URL("../../../../docs/convergence.md", import.meta.url), "utf8");
  const lines = text.slice(text.indexOf("| one replica |")).split("\n").slice(2);
  const end = lines.findIndex((line) => !line.startsWith("|"));
  const described = lines.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, 3)
      .map((cell) => cell.trim())
      .join(" / "),
  );
  assert.deepEqual(
    rows.map(({ one, another }) => `${one} / ${another}`),
    described,
  );
});
