import assert from "node:assert/strict";
import { test } from "node:test";
import * as Automerge from "@automerge/automerge";
import { type ErrorCode, MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import type { CatalogueCommand } from "./catalogue-command.js";
import { CatalogueDocument } from "./catalogue-document.js";
import {
  alias,
  aliases,
  create,
  erased,
  erasing,
  index,
  plain,
  remove,
  run,
  space,
  update,
} from "./commands.test-support.js";
import { collectionNamed, resolveCollection, visibleCollections } from "./resolve.js";
import { catalogueFormatVersion, type StoredCatalogue } from "./stored-catalogue.js";

const fails = (code: ErrorCode, message: string) => (error: unknown) => {
  assert.ok(error instanceof MurmurationError);
  assert.deepEqual([error.code, error.message], [code, message]);
  return true;
};
test("a new catalogue is empty, and every replica's begins with the same change", () => {
  const document = CatalogueDocument.create(1);
  assert.deepEqual(plain(document.read()), { collections: {}, aliases: {}, members: [] });
  assert.deepEqual(document.heads(), CatalogueDocument.create(2).heads());
  // Replicas of different versions must agree about it too.
  assert.deepEqual(document.heads(), ["6bb07c5ba141adbabde8d80392fc46292ba42db7b48f97e9b2159904d83679f4"]);
});

test("the first change is the one that Automerge makes of an empty catalogue", () => {
  const made = Automerge.change(
    Automerge.init<StoredCatalogue>({ actor: "00".repeat(16) }),
    { time: 0 },
    (stored: StoredCatalogue) => {
      stored.format = catalogueFormatVersion;
      stored.collections = {};
      stored.aliases = {};
    },
  );
  assert.deepEqual(CatalogueDocument.create(1).heads(), Automerge.getHeads(made));
  assert.deepEqual(Buffer.from(CatalogueDocument.create(1).save()), Buffer.from(Automerge.save(made)));
});

test("commands do what they say", () => {
  let document = run(
    CatalogueDocument.create(1),
    create("books"),
    index("books", "author.name"),
    aliases(alias("shelf", "books")),
  );
  document = run(
    document,
    update("shelf", { metadata: { a: [1, null] }, big: 2n ** 60n }),
    update("books", { metadata: { b: 1 } }),
  );
  assert.deepEqual(plain(document.read()), {
    collections: {
      "1-1": {
        id: "1-1",
        name: "books",
        vectors: { "": space },
        payloadIndexes: { "author.name": { kind: "keyword" } },
        settings: { metadata: { b: 1 }, big: 2n ** 60n },
      },
    },
    aliases: { shelf: "1-1" },
    members: [],
  });
  document = run(document, { kind: "delete-payload-index", collection: "shelf", path: "author.name" });
  assert.deepEqual(plain(document.read().collections["1-1"]?.payloadIndexes as never), {});
  document = run(document, remove("books"));
  assert.deepEqual(plain(document.read()), { collections: {}, aliases: {}, members: [] });
});

test("planning changes nothing, and applying leaves the old value as it was", () => {
  const before = run(CatalogueDocument.create(1), create("books"));
  const [heads, catalogue] = [before.heads(), plain(before.read())];
  const change = before.plan(create("films"), "1-2") as Uint8Array;
  assert.deepEqual([before.heads(), plain(before.read())], [heads, catalogue]);
  const after = before.apply(change);
  assert.deepEqual([before.heads(), plain(before.read())], [heads, catalogue]);
  assert.ok(collectionNamed(after.read(), "films"));
  // A plan that was given up leaves no trace in the next one.
  const other = before.plan(create("music"), "1-3") as Uint8Array;
  assert.deepEqual(
    visibleCollections(before.apply(other).read()).map(({ name }) => name),
    ["books", "music"],
  );
});

test("a change applied twice counts once", () => {
  const document = CatalogueDocument.create(1);
  const change = document.plan(create("books"), "1-1") as Uint8Array;
  const once = document.apply(change);
  assert.deepEqual(once.apply(change).heads(), once.heads());
});

test("a command with nothing to do has no change", () => {
  const document = run(
    CatalogueDocument.create(1),
    create("books"),
    index("books", "a"),
    aliases(alias("shelf", "books")),
  );
  const idle: CatalogueCommand[] = [
    remove("unknown"),
    remove("shelf"),
    update("books", {}),
    index("books", "a"),
    { kind: "delete-payload-index", collection: "books", path: "b" },
    aliases(),
    aliases(alias("shelf", "books")),
  ];
  for (const command of idle) assert.equal(document.plan(command, "1-9"), undefined, JSON.stringify(command));
});

test("commands that conflict with the catalogue are refused in the words of the dialect", () => {
  const document = run(CatalogueDocument.create(1), create("books"), aliases(alias("shelf", "books")));
  const refuses = (command: CatalogueCommand, code: ErrorCode, message: string) =>
    assert.throws(() => document.plan(command, "1-9"), fails(code, message));
  refuses(create("books"), "already-exists", "Collection `books` already exists!");
  refuses(
    create("shelf"),
    "wrong-input",
    "Can't create collection with name shelf. Alias with the same name already exists",
  );
  refuses(aliases(alias("books", "books")), "already-exists", "Collection `books` already exists!");
  refuses(aliases(alias("new", "x")), "not-found", "Collection `x` doesn't exist!");
  refuses(aliases(alias("new", "shelf")), "not-found", "Collection `shelf` doesn't exist!");
  refuses(aliases({ kind: "delete-alias", alias: "x" }), "not-found", "Alias x does not exists!");
  refuses(aliases({ kind: "rename-alias", from: "x", to: "y" }), "not-found", "Alias x does not exists!");
  refuses(
    aliases({ kind: "rename-alias", from: "shelf", to: "books" }),
    "already-exists",
    "Collection `books` already exists!",
  );
  for (const command of [
    update("x", {}),
    index("x", "a"),
    { kind: "delete-payload-index", collection: "x", path: "a" } as const,
  ]) {
    refuses(command, "not-found", "Collection `x` doesn't exist!");
  }
});

test("names are bounded and free of forbidden characters", () => {
  const document = run(CatalogueDocument.create(1), create("books"));
  const invalid = (error: unknown) => error instanceof MurmurationError && error.code === "validation";
  for (const name of ["", "x".repeat(256), "a/b", "a\\b", "a:b", 'a"b', "a\u001fb", "a\0b"]) {
    assert.throws(() => document.plan(create(name), "1-9"), invalid, JSON.stringify(name));
    assert.throws(() => document.plan(aliases(alias(name, "books")), "1-9"), invalid, JSON.stringify(name));
  }
  const names = ["__proto__", "constructor", " ", "ü".repeat(255), "😀".repeat(255)];
  const made = run(document, ...names.map((name, at) => [create(name), `2-${at + 1}`] as const));
  for (const [at, name] of names.entries()) assert.equal(resolveCollection(made.read(), name).id, `2-${at + 1}`);
});

test("names that every object knows are not found unless they were made", () => {
  const catalogue = run(CatalogueDocument.create(1), create("books")).read();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assert.throws(
      () => resolveCollection(catalogue, name),
      fails("not-found", `Collection \`${name}\` doesn't exist!`),
    );
    assert.equal(catalogue.collections["1-1"]?.vectors[name], undefined);
  }
  const odd = run(
    CatalogueDocument.create(1),
    create("books"),
    aliases(alias("__proto__", "books")),
    index("books", "__proto__"),
    update("books", { "": 1, __proto__: null, constructor: 2 }),
  ).read();
  assert.equal(resolveCollection(odd, "__proto__").name, "books");
  assert.deepEqual(Object.keys(odd.collections["1-1"]?.payloadIndexes ?? {}), ["__proto__"]);
  assert.deepEqual(Object.keys(odd.collections["1-1"]?.settings ?? {}), ["", "constructor"]);
});

test("alias actions are done in turn, all or none", () => {
  const document = run(
    CatalogueDocument.create(1),
    create("books"),
    create("films"),
    aliases(alias("a", "books"), alias("b", "books")),
  );
  const moved = run(
    document,
    aliases(
      alias("a", "films"),
      { kind: "rename-alias", from: "b", to: "c" },
      { kind: "rename-alias", from: "c", to: "d" },
    ),
  );
  assert.deepEqual(plain(moved.read().aliases as never), { a: "1-2", d: "1-1" });
  const swapped = run(document, aliases({ kind: "delete-alias", alias: "a" }, alias("a", "films")));
  assert.equal(resolveCollection(swapped.read(), "a").name, "films");
  assert.throws(() =>
    document.plan(aliases({ kind: "delete-alias", alias: "a" }, { kind: "delete-alias", alias: "a" }), ""),
  );
});

test("deleting a collection takes its aliases and nobody else's", () => {
  const document = run(
    CatalogueDocument.create(1),
    create("books"),
    create("films"),
    aliases(alias("a", "books"), alias("b", "films")),
    remove("books"),
  );
  assert.deepEqual(plain(document.read().aliases as never), { b: "1-2" });
  assert.throws(() => resolveCollection(document.read(), "a"));
});

test("the catalogue is frozen and read once", () => {
  const document = run(CatalogueDocument.create(1), create("x"), update("x", { s: { deep: [1] } }));
  const catalogue = document.read();
  assert.equal(document.read(), catalogue);
  assert.ok(Object.isFrozen(catalogue.collections["1-1"]?.vectors[""]));
  assert.ok(Object.isFrozen(catalogue.collections["1-1"]?.settings["s"]));
});

test("damaged, unknown and early changes are refused", () => {
  const corrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
  const document = CatalogueDocument.create(1);
  const change = document.plan(create("x"), "1-1") as Uint8Array;
  const later = document.apply(change).plan(create("y"), "1-2") as Uint8Array;
  assert.throws(() => document.apply(later), corrupt);
  assert.throws(() => CatalogueDocument.load(new Uint8Array([1, 2, 3]), 1), corrupt);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (place, flip) => {
      const damaged = change.slice();
      const at = place % change.byteLength;
      damaged[at] = (damaged[at] as number) ^ flip;
      try {
        document.apply(damaged);
      } catch (error) {
        assert.ok(corrupt(error), String(error));
      }
    }),
  );
});

test("what cannot stand in the catalogue is refused when a command is planned, by its field", () => {
  const document = run(CatalogueDocument.create(1), create("books"));
  const bad = "a\ud800";
  const withVectors = (vectors: object) => ({ ...create("c"), vectors }) as CatalogueCommand;
  const cases: [CatalogueCommand, ErrorCode, string][] = [
    [index("books", ".x"), "format", "field_name"],
    [index("books", "[["), "format", "field_name"],
    [index("books", ""), "format", "field_name"],
    [index("books", "x".repeat(2_000)), "format", "field_name"],
    [index("books", bad), "format", "field_name"],
    [{ ...index("books", "x"), schema: { kind: "shape" } } as unknown as CatalogueCommand, "format", "field_schema"],
    [create(bad), "format", "collection_name"],
    [aliases(alias(bad, "books")), "format", "alias_name"],
    [update("books", { [bad]: 1 }), "format", "settings"],
    [update("books", { metadata: { deep: [1, { [bad]: 1 }] } }), "format", "metadata.deep[1]"],
    [update("books", { metadata: { deep: [1, bad] } }), "format", "metadata.deep[1]"],
    [update("books", { metadata: [Number.NaN] }), "format", "metadata"],
    [update("books", { metadata: 2n ** 64n }), "format", "metadata"],
    [update("books", { metadata: JSON.parse('{"__proto__":1}') }), "format", "metadata"],
    [withVectors({ [bad]: space }), "format", "vectors"],
    [withVectors(JSON.parse(`{"__proto__":${JSON.stringify(space)}}`)), "format", "vectors"],
    [withVectors({ a: { ...space, size: 0 } }), "validation", "vectors.a"],
    [withVectors({ "": { ...space, links: 1e9 } }), "validation", "vectors"],
    [{ kind: "join-member", id: 3, region: bad }, "format", "region"],
    [{ kind: "join-member", id: 3, region: "r", url: bad }, "format", "url"],
  ];
  for (const [command, code, field] of cases) {
    assert.throws(
      () => document.plan(command, "1-9"),
      (error) => error instanceof MurmurationError && error.code === code && error.field === field,
      `${command.kind} ${field}`,
    );
  }
  const marked = run(document, create("\ufeffbooks"), aliases(alias("\ufeff", "books")), index("books", '"\ufeff".a'));
  assert.equal(resolveCollection(marked.read(), "\ufeffbooks").id, "1-2");
  assert.equal(resolveCollection(marked.read(), "\ufeff").name, "books");
  const loaded = CatalogueDocument.load(marked.save(), 2).read();
  assert.deepEqual(Object.keys(loaded.collections["1-1"]?.payloadIndexes ?? {}), ['"\ufeff".a']);
});

test("every state can be gone on from, whatever was planned, refused or applied since", () => {
  const first = run(CatalogueDocument.create(1), create("a"), create("b"));
  const heads = first.heads();
  const given = first.plan(create("given up"), "1-8") as Uint8Array;
  assert.throws(() => first.apply(given.subarray(0, 40)));
  const other = CatalogueDocument.load(first.save(), 2);
  const late = run(other, update("a", { x: 1 })).plan(update("a", { x: 2 }), "") as Uint8Array;
  // it builds on one that is not here, and must not come in later either
  assert.throws(() => first.apply(late));
  const second = run(first, update("b", { y: 1 }));
  assert.deepEqual(first.heads(), heads);
  assert.deepEqual(second.read().collections["1-1"]?.settings, Object.create(null));
  const between = run(other, update("a", { x: 1 }));
  const merged = second.apply(other.plan(update("a", { x: 1 }), "") as Uint8Array);
  assert.deepEqual(plain(between.read().collections["1-1"] as never), plain(merged.read().collections["1-1"] as never));
  // what did not change stays the same object when a state is gone back to
  const again = run(first, update("a", { z: 1 }));
  assert.equal(again.read().collections["1-2"], first.read().collections["1-2"]);
  assert.deepEqual(plain(CatalogueDocument.load(first.save(), 3).read()), plain(first.read()));
});

test("erasures are kept until there are as many as fit, and then the oldest that is over makes room", () => {
  let document = run(CatalogueDocument.create(1), create("x"));
  const max = 256;
  for (let n = 0; n < max; n++) document = run(document, [erasing("x", n), `1-${n + 10}`]);
  assert.equal(document.read().erasures?.length, max);
  assert.throws(() => document.plan(erasing("x", max), "1-900"), { code: "capacity" });
  document = run(document, erased(1, "1-12"), [erasing("x", max), "1-900"]);
  const ids = document.read().erasures?.map(({ id }) => id) ?? [];
  assert.deepEqual([ids.length, ids.includes("1-12"), ids.at(-1)], [max, false, "1-900"]);
  assert.deepEqual(document.read().receipts, []);
  assert.deepEqual(document.read().erasures?.at(-1)?.through, [
    [1, 7],
    [3, 9],
  ]);
});

test("an erasure is confirmed once by each, and not where it is not known", () => {
  const document = run(CatalogueDocument.create(1), create("x"), [erasing("x"), "1-7"], erased(1, "1-7"));
  assert.equal(document.plan(erased(1, "1-7"), "1-8"), undefined);
  assert.throws(() => document.plan(erased(1, "1-9"), "1-8"), { code: "not-found" });
  assert.throws(() => document.plan({ ...erasing("x"), by: "\ud800" } as never, "1-8"), { code: "format" });
  assert.deepEqual(document.read().receipts, [{ erasure: "1-7", replica: 1, atMs: 6, done: { images: 1 } }]);
});
