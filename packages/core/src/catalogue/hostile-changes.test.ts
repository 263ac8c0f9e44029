import assert from "node:assert/strict";
import { test } from "node:test";
import { ImmutableString } from "@automerge/automerge";
import { MurmurationError } from "@murmuration/index";
import { CatalogueDocument } from "./catalogue-document.js";
import {
  addVector,
  alias,
  aliases,
  beginGraph,
  create,
  dropVector,
  index,
  plain,
  run,
  update,
} from "./commands.test-support.js";
import { erasure, hostileChange, hostileEdits } from "./hostile-changes.test-support.js";
import { graphKey } from "./vector-graphs.js";

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";
const dot = { origin: 2, sequence: 1 };
const before = run(CatalogueDocument.create(1), create("x"), index("x", "ok"), aliases(alias("a", "x")), {
  kind: "join-member",
  id: 1,
  region: "here",
});

test("a change that no replica writes is refused, and what was there stays", () => {
  const state = plain(before.read());
  for (const [what, edit] of Object.entries(hostileEdits)) {
    const change = hostileChange(before, dot, edit);
    assert.throws(() => before.receive(change, dot), isCorrupt, what);
    assert.deepEqual(plain(before.read()), state, what);
  }
  assert.equal(({} as { size?: unknown }).size, undefined);
});

test("a change that forgets a vector, or that one was dropped, is refused", () => {
  const all = [addVector("x", "late"), addVector("x", "gone", 5), dropVector("x", "gone"), dropVector("x", "")];
  const document = run(before, ...all);
  const { vectors, deadVectors } = document.read().collections["1-1"] ?? {};
  assert.deepEqual([Object.keys(vectors ?? {}), deadVectors?.length], [["late"], 2]);
  const keys = ["added:late", "added:gone", "dropped:gone", "dropped:"];
  for (const wanted of keys) {
    let touched = 0;
    const change = hostileChange(document, dot, (raw) => {
      const collection = raw["collections"]?.[":1-1"] ?? {};
      for (const key of Object.keys(collection)) {
        if (wanted === "dropped:" ? key !== wanted : !key.startsWith(wanted)) continue;
        delete collection[key];
        touched++;
      }
    });
    assert.equal(touched, 1, wanted);
    assert.throws(() => document.receive(change, dot), isCorrupt, wanted);
  }
  // in whatever order they come, and over a save
  assert.deepEqual(CatalogueDocument.load(document.save(), 7).read(), document.read());
});

test("a change that forgets a graph, or that one serves or was given up, or has a dead one live again, is refused", () => {
  const [switched, givenUp] = [beginGraph("x", "", 1, 4), beginGraph("x", "", 1, 6)];
  const graphOf = (one: CatalogueDocument) => {
    const { serving, building } = one.read().collections["1-1"]?.graphs ?? {};
    return { serves: serving?.[""], building: building?.[""]?.key };
  };
  const begun = run(before, switched);
  const first = graphOf(begun).building as string;
  const serving = run(begun, { kind: "switch-graph", id: "1-1", graph: first }, givenUp);
  const second = graphOf(serving).building as string;
  assert.equal(graphOf(serving).serves, first);
  const document = run(serving, { kind: "give-up-graph", collection: "x", vector: "", by: 1 });
  assert.deepEqual(graphOf(document), { serves: first, building: undefined });
  const edits: { readonly [what: string]: (collection: { [key: string]: unknown }) => void } = {
    "forgets a graph that serves": (one) => delete one[`graph:${first}`],
    "forgets a graph that was given up": (one) => delete one[`graph:${second}`],
    "forgets a switch": (one) => delete one[`switched:${first}`],
    "forgets that a graph was given up": (one) => delete one[`given-up:${second}`],
    "switches to a graph that was given up": (one) => {
      one[`switched:${second}`] = new ImmutableString("true");
    },
    "makes a graph another": (one) => {
      one[`graph:${first}`] = new ImmutableString(
        JSON.stringify({ vector: "", generation: 1, links: 5, efConstruction: 32, by: 1 }),
      );
    },
  };
  for (const [what, edit] of Object.entries(edits)) {
    const change = hostileChange(document, dot, (raw) => edit(raw["collections"]?.[":1-1"] ?? {}));
    assert.throws(() => document.receive(change, dot), isCorrupt, what);
  }
  assert.deepEqual(CatalogueDocument.load(document.save(), 7).read(), document.read());
});

test("a change that begins a graph for another replica, or passes over generations, is refused", () => {
  const begin = (by: number, generation: number) => {
    const graph = { vector: "", generation, links: 8, efConstruction: 32, by };
    return hostileChange(before, dot, (raw) => {
      const collection = raw["collections"]?.[":1-1"] as { [key: string]: unknown };
      collection[`graph:${graphKey(graph)}`] = new ImmutableString(JSON.stringify(graph));
    });
  };
  for (const change of [begin(1, 1), begin(2, 2), begin(2, 1_000_000)])
    assert.throws(() => before.receive(change, dot), isCorrupt);
  assert.equal(before.receive(begin(2, 1), dot).read().collections["1-1"]?.graphs?.building[""]?.by, 2);
  const last = before.apply(begin(2, 1_000_000));
  const next = { kind: "give-up-graph", collection: "x", vector: "", by: 2 } as const;
  assert.throws(() => run(last, next, beginGraph("x", "", 1)), { code: "capacity" });
});

test("a change that forgets or changes an erasure, or what was said of it, is refused", () => {
  const begun = before.receive(
    hostileChange(before, dot, (document) => {
      document["erasure-2-1"] = new ImmutableString(JSON.stringify(erasure)) as never;
    }),
    dot,
  );
  const next = { origin: 2, sequence: 2 };
  const receipt = new ImmutableString(JSON.stringify({ atMs: 1, done: {} })) as never;
  const said = begun.receive(
    hostileChange(begun, next, (document) => {
      document["erased-2-1-2"] = receipt;
    }),
    next,
  );
  const { erasures, receipts } = said.read();
  assert.deepEqual([erasures?.map(({ id }) => id), receipts?.map(({ replica }) => replica)], [["2-1"], [2]]);
  const last = { origin: 2, sequence: 3 };
  for (const key of ["erasure-2-1", "erased-2-1-2"]) {
    for (const value of [undefined, new ImmutableString(JSON.stringify({ ...erasure, atMs: 2, done: {} }))]) {
      const change = hostileChange(said, last, (document) => {
        if (value === undefined) delete document[key];
        else document[key] = value as never;
      });
      assert.throws(() => said.receive(change, last), isCorrupt, key);
    }
  }
});

test("an index of a kind that a newer version may know is kept and named, and is none here", () => {
  for (const schema of [
    { kind: "trigram", size: 3 },
    { kind: "keyword", collation: "de" },
  ]) {
    const change = hostileChange(before, dot, (document) => {
      document["collections"]![":1-1"]!["payloadIndexes"]![":x"] = new ImmutableString(JSON.stringify(schema)) as never;
    });
    const document = before.receive(change, dot);
    assert.deepEqual(plain(document.read()), plain(before.read()));
    assert.deepEqual(document.problems, before.problems);
    assert.match(document.unread.join(), /":x".*kind (trigram|keyword), of a newer version/);
    const again = CatalogueDocument.load(document.save(), 3);
    assert.deepEqual(again.heads(), document.heads());
    assert.deepEqual(again.unread, document.unread);
  }
});

test("a log that holds such a change opens: what is not valid is left out and named, everything else is there", () => {
  let opened = 0;
  for (const [what, edit] of Object.entries(hostileEdits)) {
    const change = hostileChange(before, dot, edit);
    let document: CatalogueDocument;
    try {
      document = before.restore([change]);
    } catch (error) {
      assert.ok(isCorrupt(error), what);
      continue;
    }
    opened += 1;
    assert.deepEqual(plain(CatalogueDocument.load(document.save(), 3).read()), plain(document.read()), what);
    // and goes on: what was wrong before is in nobody's way
    const later = document.plan({ kind: "join-member", id: 9, region: "there" }, "") as Uint8Array;
    assert.ok(
      document
        .apply(later)
        .read()
        .members.some(({ id }) => id === 9),
      what,
    );
  }
  assert.ok(opened > 60, `${opened} opened`);
});

test("a change is the next of its operation's writer, plain, and makes no other collection than its own", () => {
  const honest = CatalogueDocument.load(before.save(), 2);
  const change = honest.plan(create("y"), "2-1") as Uint8Array;
  assert.deepEqual(Object.keys(before.receive(change, dot).read().collections), ["1-1", "2-1"]);
  for (const other of [
    { origin: 3, sequence: 1 },
    { origin: 2, sequence: 2 },
    { origin: 1, sequence: 5 },
  ])
    assert.throws(() => before.receive(change, other), isCorrupt);
  assert.throws(() => before.receive(honest.plan(create("y"), "2-7") as Uint8Array, dot), isCorrupt);
  const compressed = change.slice();
  compressed[8] = 2;
  assert.throws(() => before.receive(compressed, dot), isCorrupt);
  assert.throws(() => before.receive(new Uint8Array(0), dot), isCorrupt);
});

test("settings keep integers of 64 bits exactly, wherever they stand", () => {
  const settings = {
    metadata: {
      big: 9007199254740993n,
      list: [-(2n ** 63n), { deep: 2n ** 64n - 1n }],
      text: "9007199254740993",
      n: 1.5,
    },
  };
  const document = run(before, update("x", settings));
  assert.deepEqual(document.read().collections["1-1"]?.settings, Object.assign(Object.create(null), settings));
  const loaded = CatalogueDocument.load(document.save(), 4);
  assert.deepEqual(loaded.read(), document.read());
  // as a version before this one has written it
  const old = run(before, update("x", { metadata: { big: Number(9007199254740993n), small: 3 } }));
  assert.deepEqual(old.read().collections["1-1"]?.settings["metadata"], { big: 9007199254740992n, small: 3 });
});

test("what a change does not touch stays the same object, and is not read again", () => {
  let document = before;
  for (let i = 0; i < 50; i++) document = run(document, [create(`many ${i}`), `1-${100 + i}`]);
  const next = run(document, update("many 7", { metadata: 1 }), index("many 9", "p"));
  const [old, now] = [document.read(), next.read()];
  const touched = Object.keys(now.collections).filter((id) => now.collections[id] !== old.collections[id]);
  assert.deepEqual(touched.map((id) => now.collections[id]?.name).sort(), ["many 7", "many 9"]);
  assert.equal(now.members[0], old.members[0]);
  const other = CatalogueDocument.create(1).restore([]);
  assert.deepEqual(plain(other.read()), { collections: {}, aliases: {}, members: [] });
});
