import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import type { CatalogueCommand } from "./catalogue-command.js";
import { CatalogueDocument } from "./catalogue-document.js";
import {
  addVector,
  alias,
  aliases,
  beginGraph,
  create,
  dropVector,
  erased,
  erasing,
  index,
  plain,
  remove,
  run,
  update,
} from "./commands.test-support.js";
import { resolveCollection, visibleCollections } from "./resolve.js";

test("replicas that made the same changes are equal, whatever order they came in", () => {
  const names = fc.constantFrom("x", "y", "z");
  const commands: fc.Arbitrary<CatalogueCommand> = fc.oneof(
    names.map(create),
    names.map(remove),
    fc.tuple(names, fc.constantFrom("p", "q", "x")).map(([name, other]) => aliases(alias(other, name))),
    fc.constantFrom("p", "q").map((name) => aliases({ kind: "delete-alias", alias: name })),
    fc.tuple(names, fc.constantFrom("s", "t"), fc.nat(3)).map(([name, key, value]) => update(name, { [key]: value })),
    fc.tuple(names, fc.constantFrom("s", "t")).map(([name, path]) => index(name, path)),
    fc.tuple(names, fc.constantFrom("", "v"), fc.constantFrom(4, 5)).map((of) => addVector(...of)),
    fc.tuple(names, fc.constantFrom("", "v")).map((of) => dropVector(...of)),
    fc.tuple(names, fc.constantFrom("", "v"), fc.constantFrom(1, 2, 3)).map((of) => beginGraph(...of)),
    fc.tuple(names, fc.nat(3)).map((of) => erasing(...of)),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })).map(([by, id]) => erased(by, `1-${id}`)),
  );
  let concurrent = 0;
  assertUntil(
    () => ({ concurrent: [concurrent, 5] }),
    fc.property(
      fc.array(commands, { maxLength: 4 }),
      fc.array(fc.array(commands, { minLength: 2, maxLength: 6 }), { minLength: 3, maxLength: 3 }),
      (common, writers) => {
        let ids = 0;
        const edit = (start: CatalogueDocument, all: readonly CatalogueCommand[], changes: Uint8Array[]) => {
          let document = start;
          for (const command of all) {
            ids += 1;
            let change: Uint8Array | undefined;
            try {
              change = document.plan(command, `1-${ids}`);
            } catch (error) {
              assert.ok(error instanceof MurmurationError, String(error));
            }
            if (change === undefined) continue;
            changes.push(change);
            document = document.apply(change);
          }
          return document;
        };
        const shared: Uint8Array[] = [];
        edit(CatalogueDocument.create(9), [create("x"), create("y"), ...common], shared);
        const own: Uint8Array[][] = [];
        const replicas = writers.map((all, at) =>
          edit(CatalogueDocument.create(at + 1).apply(...shared), all, (own[at] = [])),
        );
        if (own.every((changes) => changes.length > 0)) concurrent += 1;
        const merged = replicas.map((document, at) =>
          document.apply(...[1, 2].flatMap((step) => own[(at + step) % 3] as Uint8Array[])),
        );
        const [first] = merged as [CatalogueDocument];
        for (const other of merged) {
          assert.deepEqual(other.heads(), first.heads());
          assert.deepEqual(other.read(), first.read());
          assert.equal(JSON.stringify(other.read()), JSON.stringify(first.read()));
        }
        const loaded = CatalogueDocument.load(first.save(), 5);
        assert.deepEqual(loaded.heads(), first.heads());
        assert.deepEqual(loaded.read(), first.read());
      },
    ),
    { numRuns: 40 },
  );
});

test("of two collections made at once under one name the lower id owns it, and hands it on when it goes", () => {
  const one = CatalogueDocument.create(1);
  const two = CatalogueDocument.create(2);
  const high = one.plan(create("x"), "2-9") as Uint8Array;
  const low = two.plan(create("x"), "2-5") as Uint8Array;
  const merged = one.apply(high, low);
  assert.deepEqual(Object.keys(merged.read().collections), ["2-5", "2-9"]);
  assert.equal(resolveCollection(merged.read(), "x").id, "2-5");
  assert.equal(resolveCollection(two.apply(low, high).read(), "x").id, "2-5");
  assert.deepEqual(
    visibleCollections(merged.read()).map(({ id }) => id),
    ["2-5"],
  );
  assert.equal(resolveCollection(run(merged, remove("x")).read(), "x").id, "2-9");
});

test("what is changed in a collection while it is deleted elsewhere stays deleted", () => {
  const start = run(CatalogueDocument.create(1), create("x"));
  const deletion = start.plan(remove("x"), "") as Uint8Array;
  const elsewhere = CatalogueDocument.load(start.save(), 2);
  const edits: Uint8Array[] = [];
  let edited = elsewhere;
  for (const command of [aliases(alias("a", "x")), update("x", { s: 1 }), index("x", "p")]) {
    edits.push(edited.plan(command, "") as Uint8Array);
    edited = edited.apply(edits.at(-1) as Uint8Array);
  }
  for (const merged of [start.apply(deletion, ...edits), edited.apply(deletion)]) {
    assert.deepEqual(plain(merged.read()), { collections: {}, aliases: {}, members: [] });
  }
});

test("a collection wins over an alias that was given its name elsewhere", () => {
  const start = run(CatalogueDocument.create(1), create("x"));
  const collection = start.plan(create("y"), "1-2") as Uint8Array;
  const named = CatalogueDocument.load(start.save(), 2).plan(aliases(alias("y", "x")), "") as Uint8Array;
  assert.equal(resolveCollection(start.apply(collection, named).read(), "y").id, "1-2");
});
