import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import type { Command } from "../command/command.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { sqliteLogUnderTest } from "../log/sqlite-log.test-support.js";
import { decodeOperation } from "../operation/codec.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import {
  createCollection,
  everyPoint,
  openReplica,
  payloadOf,
  point,
  recordOf,
  refusal,
  run,
  space,
  tagIs,
  upsert,
  vectorsOf,
  where,
} from "./replica.test-support.js";

const all = { payload: true, vectors: true } as const;
const bare = { payload: false, vectors: false } as const;
const idsIn = (replica: Replica, collection: string) =>
  new ReadsHere(replica, collection).scroll({ limit: 100, selection: bare }).points.map(({ id }) => id);

describe("a replica", () => {
  let replica: Replica;
  beforeEach(() => {
    replica = openReplica();
    run(replica, createCollection("a"), createCollection("n", { x: space(2, "Euclid"), y: space(3, "Cosine") }));
    run(
      replica,
      upsert("a", [
        point(1, [1, 0], { tag: "red", n: 1 }),
        point(2, [0, 1], { tag: "blue" }),
        point(3, [1, 1], { tag: "red" }),
      ]),
    );
  });

  describe("upserting", () => {
    test("makes points and replaces them whole", () => {
      run(replica, upsert("a", [point(1, [2, 2], { other: true })]));
      assert.deepEqual(recordOf(replica, "a", 1), {
        id: 1,
        payload: { other: true },
        vectors: { "": Float32Array.of(2, 2) },
      });
      assert.deepEqual(idsIn(replica, "a"), [1, 2, 3]);
    });

    test("accepts ids of every kind and keeps them in order", () => {
      const uuid = "550e8400-e29b-41d4-a716-446655440000";
      run(replica, upsert("a", [point(uuid, [1, 2]), point(2n ** 64n - 1n, [3, 4]), point(0, [0, 0])]));
      assert.deepEqual(idsIn(replica, "a"), [0, 1, 2, 3, 2n ** 64n - 1n, uuid]);
      assert.deepEqual(vectorsOf(replica, "a", uuid), { "": [1, 2] });
    });

    test("with one bad point changes nothing", () => {
      const wrongSize = refusal(replica, upsert("a", [point(8, [1, 2]), point(9, [1, 2, 3])]));
      assert.deepEqual([wrongSize.code, wrongSize.field], ["wrong-input", "points[1].vector"]);
      assert.equal(refusal(replica, upsert("a", [point(8, [1, 2]), point(9, [1, Number.NaN])])).code, "format");
      assert.equal(
        refusal(replica, upsert("a", [point(8, [1, 2]), point(9, { z: Float32Array.of(1) })])).code,
        "wrong-input",
      );
      const tooLarge = point(9, [1, 2], { n: 2n ** 65n });
      assert.equal(refusal(replica, upsert("a", [point(8, [1, 2]), tooLarge])).code, "wrong-input");
    });

    test("only new or only existing points, or only those that match, leaves the others alone", () => {
      const points = [point(1, [5, 5], { new: 1 }), point(9, [5, 5], { new: 1 })];
      run(replica, upsert("a", points, { mode: "insert-only" }));
      assert.deepEqual(payloadOf(replica, "a", 1), { tag: "red", n: 1 });
      assert.deepEqual(payloadOf(replica, "a", 9), { new: 1 });
      run(replica, upsert("a", [point(1, [5, 5], { new: 2 }), point(10, [5, 5], {})], { mode: "update-only" }));
      assert.deepEqual(payloadOf(replica, "a", 1), { new: 2 });
      assert.equal(recordOf(replica, "a", 10), undefined);
      const conditional = [point(2, [5, 5], {}), point(3, [5, 5], {}), point(11, [5, 5], {})];
      run(replica, upsert("a", conditional, { updateFilter: tagIs("red") }));
      assert.deepEqual([payloadOf(replica, "a", 2), payloadOf(replica, "a", 3)], [{ tag: "blue" }, {}]);
      assert.deepEqual(payloadOf(replica, "a", 11), {});
    });

    test("stores a cosine vector with unit length, and may leave vectors out", () => {
      run(replica, upsert("n", [point(1, { y: Float32Array.of(3, 0, 4) }), point(2, {})]));
      assert.deepEqual(vectorsOf(replica, "n", 1), { y: [Math.fround(0.6), 0, Math.fround(0.8)] });
      assert.deepEqual(vectorsOf(replica, "n", 2), {});
      assert.equal(new ReadsHere(replica, "n").count(undefined), 2);
    });

    test("of an unknown collection is not found, under any kind of command", () => {
      const target = { ids: [1] };
      const commands: Command[] = [
        upsert("none", []),
        { kind: "delete-points", collection: "none", target },
        { kind: "set-payload", collection: "none", target, payload: {} },
        { kind: "overwrite-payload", collection: "none", target, payload: {} },
        { kind: "delete-payload", collection: "none", target, keys: [] },
        { kind: "clear-payload", collection: "none", target },
        { kind: "update-vectors", collection: "none", points: [] },
        { kind: "delete-vectors", collection: "none", target, vectors: [] },
        { kind: "create-payload-index", collection: "none", path: "n", schema: { kind: "integer" } },
        { kind: "delete-payload-index", collection: "none", path: "n" },
        { kind: "update-collection", collection: "none", settings: {} },
      ];
      for (const command of commands) assert.equal(refusal(replica, command).code, "not-found", command.kind);
    });
  });

  describe("deleting points", () => {
    test("by id passes unknown ones over, and by filter takes those that match", () => {
      assert.equal(run(replica, { kind: "delete-points", collection: "a", target: { ids: [99] } })[0]?.changed, false);
      run(replica, { kind: "delete-points", collection: "a", target: { ids: [2, 2, 99] } });
      assert.deepEqual(idsIn(replica, "a"), [1, 3]);
      run(replica, { kind: "delete-points", collection: "a", target: { filter: tagIs("red") } });
      assert.deepEqual(idsIn(replica, "a"), []);
      assert.equal(replica.shard("a").graph("").reader.visibleCount, 0);
    });

    test("and making them again starts from nothing", () => {
      run(replica, { kind: "delete-points", collection: "a", target: { ids: [1] } });
      run(replica, upsert("a", [point(1, [7, 7], { fresh: 1 })]));
      assert.deepEqual(recordOf(replica, "a", 1), {
        id: 1,
        payload: { fresh: 1 },
        vectors: { "": Float32Array.of(7, 7) },
      });
    });

    test("of more than fit one operation takes them all", () => {
      const many = Array.from({ length: 2500 }, (_, i) => point(1000 + i, {}, { tag: "many" }));
      run(replica, createCollection("m", {}), upsert("m", many));
      run(replica, { kind: "delete-points", collection: "m", target: { filter: tagIs("many") } });
      assert.equal(new ReadsHere(replica, "m").count(undefined), 0);
    });
  });

  describe("setting payload", () => {
    const set = (payload: object, more: object = {}): Command => ({
      kind: "set-payload",
      collection: "a",
      target: { ids: [1] },
      payload: payload as never,
      ...more,
    });

    test("merges top-level keys, and null deletes one", () => {
      run(replica, set({ n: null, extra: { deep: [1, null] } }));
      assert.deepEqual(payloadOf(replica, "a", 1), { tag: "red", extra: { deep: [1, null] } });
    });

    test("below a key merges there, makes what is missing, and null deletes there", () => {
      run(replica, set({ x: 1, y: 2 }, { key: "deep.er" }));
      run(replica, set({ x: null, z: 3 }, { key: "deep.er" }));
      assert.deepEqual(payloadOf(replica, "a", 1), { tag: "red", n: 1, deep: { er: { y: 2, z: 3 } } });
      run(replica, set({ x: 1 }, { key: "n.sub" }));
      assert.deepEqual(payloadOf(replica, "a", 1)?.["n"], { sub: { x: 1 } });
    });

    test("below a key of array elements reaches each of them", () => {
      run(replica, set({ items: [{ a: 1 }, { a: 2, b: 3 }] }));
      run(replica, set({ b: 9 }, { key: "items[]" }));
      assert.deepEqual(payloadOf(replica, "a", 1)?.["items"], [
        { a: 1, b: 9 },
        { a: 2, b: 9 },
      ]);
    });

    test("of an unknown id is not found and sets none of the others", () => {
      assert.equal(refusal(replica, set({ n: 2 }, { target: { ids: [1, 99] } })).code, "not-found");
    });

    test("by filter sets those that match when it is executed", () => {
      run(replica, set({ seen: true }, { target: { filter: tagIs("red") } }));
      assert.deepEqual(
        [1, 2, 3].map((id) => payloadOf(replica, "a", id)?.["seen"]),
        [true, undefined, true],
      );
    });

    test("nested too deep by its key is refused", () => {
      let deep: object = {};
      for (let depth = 0; depth < 62; depth++) deep = { d: deep };
      assert.equal(refusal(replica, set(deep, { key: "a.b.c.d" })).code, "wrong-input");
    });
  });

  test("a command that turns out too large at its second point is refused whole, and the rest of the group is done", () => {
    const text = "x".repeat(20 * 1024 * 1024);
    run(replica, upsert("a", [point(3, [1, 1], { big: { first: text } })]));
    const patch: Command = {
      kind: "set-payload",
      collection: "a",
      target: { ids: [1, 3] },
      payload: { second: text },
      key: "big",
    };
    const mark = (field: string): Command => ({
      kind: "set-payload",
      collection: "a",
      target: { ids: [1] },
      payload: { [field]: 1 },
    });
    const position = replica.position();
    const { outcomes } = replica.execute([mark("before"), patch, mark("after")]);
    assert.ok(outcomes[1] instanceof MurmurationError && outcomes[1].code === "bad-request");
    assert.deepEqual(
      outcomes.map((outcome) => outcome instanceof MurmurationError),
      [false, true, false],
    );
    assert.deepEqual(payloadOf(replica, "a", 1), { tag: "red", n: 1, before: 1, after: 1 });
    assert.equal(replica.position(), position + 2);
  });

  test("a target by filter is written by ascending id, in whatever order the points came", () => {
    const log = new MemoryOpLog();
    const other = openReplica({ log });
    run(
      other,
      createCollection("a"),
      upsert(
        "a",
        [9, 2n ** 60n, 4, 7].map((id) => point(id, [1, 1], { tag: "red" })),
      ),
    );
    run(other, { kind: "clear-payload", collection: "a", target: { filter: tagIs("red") } });
    const { shard, origin, sequence, bytes } = [...log.read(0)].at(-1) ?? assert.fail("the log is empty");
    const operation = decodeOperation(shard, origin, sequence, bytes);
    assert.deepEqual("ids" in operation && operation.ids, [4, 7, 9, 2n ** 60n]);
  });

  describe("other changes of payload", () => {
    const on = (ids: readonly number[]) => ({ collection: "a", target: { ids } }) as const;

    test("overwriting replaces all of it, or what stands at a key, and keeps nulls", () => {
      run(replica, { kind: "overwrite-payload", ...on([1, 2]), payload: { only: null } });
      assert.deepEqual([payloadOf(replica, "a", 1), payloadOf(replica, "a", 2)], [{ only: null }, { only: null }]);
      run(replica, { kind: "overwrite-payload", ...on([1]), payload: { a: 1, b: null }, key: "sub" });
      run(replica, { kind: "overwrite-payload", ...on([1]), payload: { c: 1 }, key: "sub" });
      assert.deepEqual(payloadOf(replica, "a", 1), { only: null, sub: { c: 1 } });
    });

    test("deleting takes keys and paths, and passes over what is not there", () => {
      run(replica, { kind: "set-payload", ...on([1]), payload: { deep: { x: 1, y: 2 }, list: [{ z: 1, w: 1 }] } });
      run(replica, { kind: "delete-payload", ...on([1]), keys: ["n", "deep.x", "list[].z", "absent", "tag.no"] });
      assert.deepEqual(payloadOf(replica, "a", 1), { tag: "red", deep: { y: 2 }, list: [{ w: 1 }] });
      assert.equal(run(replica, { kind: "delete-payload", ...on([1]), keys: ["absent"] })[0]?.changed, false);
      assert.equal(refusal(replica, { kind: "delete-payload", ...on([1, 99]), keys: ["tag"] }).code, "not-found");
    });

    test("clearing empties it and passes unknown ids over", () => {
      run(replica, { kind: "clear-payload", ...on([1, 99]) });
      assert.deepEqual(payloadOf(replica, "a", 1), {});
      assert.deepEqual(vectorsOf(replica, "a", 1), { "": [1, 0] });
    });
  });

  describe("vectors", () => {
    const x = Float32Array.of(1, 2);
    const y = Float32Array.of(0, 0, 1);
    beforeEach(() => run(replica, upsert("n", [point(1, { x, y }, { tag: "red" }), point(2, { x }, { tag: "blue" })])));

    test("updating sets those given and keeps the others and the payload", () => {
      run(replica, {
        kind: "update-vectors",
        collection: "n",
        points: [{ id: 1, vectors: { x: Float32Array.of(9, 9) } }],
      });
      assert.deepEqual(vectorsOf(replica, "n", 1), { x: [9, 9], y: [0, 0, 1] });
      assert.deepEqual(payloadOf(replica, "n", 1), { tag: "red" });
      run(replica, { kind: "update-vectors", collection: "n", points: [{ id: 2, vectors: { y } }] });
      assert.deepEqual(vectorsOf(replica, "n", 2), { x: [1, 2], y: [0, 0, 1] });
    });

    test("updating of an unknown point is not found, and of points that do not match passed over", () => {
      const points = [1, 2].map((id) => ({ id, vectors: { x: Float32Array.of(5, 5) } }));
      const command: Command = { kind: "update-vectors", collection: "n", points };
      assert.equal(refusal(replica, { ...command, points: [...points, { id: 99, vectors: { x } }] }).code, "not-found");
      run(replica, { ...command, updateFilter: tagIs("blue") });
      assert.deepEqual(
        [vectorsOf(replica, "n", 1)["x"], vectorsOf(replica, "n", 2)["x"]],
        [
          [1, 2],
          [5, 5],
        ],
      );
    });

    test("deleting takes them out of searches and conditions, and unknown names are refused", () => {
      const command: Command = { kind: "delete-vectors", collection: "n", target: { ids: [1] }, vectors: ["x"] };
      run(replica, command);
      assert.deepEqual(vectorsOf(replica, "n", 1), { y: [0, 0, 1] });
      const query = { query: x, using: "x", limit: 10, offset: 0, parameters: {}, selection: bare };
      assert.deepEqual(
        new ReadsHere(replica, "n").nearest(query).map(({ id }) => id),
        [2],
      );
      assert.equal(new ReadsHere(replica, "n").count(where({ kind: "has-vector", vector: "x" })), 1);
      assert.equal(refusal(replica, { ...command, vectors: ["y", "z"] }).code, "wrong-input");
      assert.equal(refusal(replica, { ...command, target: { ids: [1, 99] } }).code, "not-found");
    });
  });

  describe("a group of commands", () => {
    test("sees its own writes in order", () => {
      const { outcomes } = replica.execute([
        upsert("a", [point(20, [1, 2], { tag: "green" })]),
        upsert("a", [point(20, [3, 4], { tag: "grey" })]),
        { kind: "set-payload", collection: "a", target: { filter: tagIs("grey") }, payload: { seen: 1 } },
        { kind: "delete-points", collection: "a", target: { filter: tagIs("green") } },
        upsert("a", [point(20, [9, 9])], { mode: "insert-only" }),
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome instanceof MurmurationError || outcome.changed),
        [true, true, true, false, false],
      );
      assert.deepEqual(recordOf(replica, "a", 20), {
        id: 20,
        payload: { tag: "grey", seen: 1 },
        vectors: { "": Float32Array.of(3, 4) },
      });
    });

    test("is refused one by one, and what is refused takes no number", () => {
      const before = replica.position();
      const { outcomes, changes } = replica.execute([
        upsert("a", [point(30, [1])]),
        upsert("a", [point(31, [1, 2])]),
        createCollection("a"),
        createCollection("b"),
        upsert("b", [point(1, [1, 2])]),
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => (outcome instanceof MurmurationError ? outcome.code : "done")),
        ["wrong-input", "done", "already-exists", "done", "done"],
      );
      assert.equal(replica.position(), before + 3);
      assert.deepEqual(
        changes.map(({ kind }) => kind),
        ["catalogue", "published", "published"],
      );
      assert.deepEqual(idsIn(replica, "b"), [1]);
    });

    test("of none does nothing", () => {
      assert.deepEqual(replica.execute([]), { outcomes: [], changes: [], own: [] });
    });
  });

  describe("payload indexes", () => {
    test("are built over what is there, kept up, and change no answer", () => {
      const red = tagIs("red");
      run(replica, { kind: "create-payload-index", collection: "a", path: "tag", schema: { kind: "keyword" } });
      assert.equal(new ReadsHere(replica, "a").valuedOn("tag"), 3);
      assert.equal(new ReadsHere(replica, "a").count(red), 2);
      run(replica, upsert("a", [point(2, [1, 1], { tag: ["red", "green"] })]));
      run(replica, { kind: "delete-points", collection: "a", target: { ids: [1] } });
      assert.equal(new ReadsHere(replica, "a").count(red), 2);
      run(replica, { kind: "delete-payload-index", collection: "a", path: "tag" });
      assert.equal(new ReadsHere(replica, "a").valuedOn("tag"), undefined);
      assert.equal(new ReadsHere(replica, "a").count(red), 2);
    });

    test("of another kind on the same path replace the one before", () => {
      run(replica, { kind: "create-payload-index", collection: "a", path: "n", schema: { kind: "keyword" } });
      assert.equal(new ReadsHere(replica, "a").valuedOn("n"), 0);
      run(replica, { kind: "create-payload-index", collection: "a", path: "n", schema: { kind: "integer" } });
      assert.equal(new ReadsHere(replica, "a").valuedOn("n"), 1);
      const ordered = new ReadsHere(replica, "a").scroll({
        limit: 5,
        selection: all,
        orderBy: { key: "n", direction: "asc" },
      });
      assert.deepEqual(
        ordered.points.map(({ id }) => id),
        [1],
      );
    });
  });

  describe("names", () => {
    test("an alias leads to its collection, follows a change, and goes with it", () => {
      const create = (collection: string): Command => ({
        kind: "change-aliases",
        actions: [{ kind: "create-alias", alias: "z", collection }],
      });
      run(replica, create("n"), create("a"), upsert("z", [point(40, [1, 2])]));
      assert.deepEqual(idsIn(replica, "a"), [1, 2, 3, 40]);
      assert.equal(refusal(replica, createCollection("z")).code, "wrong-input");
      run(replica, { kind: "delete-collection", name: "a" });
      assert.equal(refusal(replica, upsert("z", [point(41, [1, 2])])).code, "not-found");
    });

    test("all actions on aliases are done or none", () => {
      const actions = [
        { kind: "create-alias", alias: "one", collection: "a" },
        { kind: "rename-alias", from: "unknown", to: "two" },
      ] as const;
      assert.equal(refusal(replica, { kind: "change-aliases", actions }).code, "not-found");
    });

    test("a collection that is dropped and made again is empty, also within one group", () => {
      run(replica, { kind: "delete-collection", name: "a" }, createCollection("a"));
      assert.deepEqual(idsIn(replica, "a"), []);
      run(
        replica,
        upsert("a", [point(1, [1, 2])]),
        { kind: "delete-collection", name: "a" },
        createCollection("a"),
        upsert("a", [point(2, [1, 2])]),
      );
      assert.deepEqual(idsIn(replica, "a"), [2]);
      assert.equal(run(replica, { kind: "delete-collection", name: "unknown" })[0]?.changed, false);
    });

    test("a collection is written to and dropped within one group, in a log on disk", () => {
      const { log, dispose } = sqliteLogUnderTest();
      const stored = openReplica({ log });
      run(stored, createCollection("a"));
      const written = upsert("a", [point(1, [1, 2], { city: "Oslo" })]);
      run(stored, written, { kind: "delete-collection", name: "a" }, createCollection("a"));
      assert.deepEqual(idsIn(stored, "a"), []);
      run(stored, createCollection("b"), upsert("b", [point(1, [1, 2], { city: "Rome" })]), {
        kind: "delete-collection",
        name: "b",
      });
      run(stored, written);
      assert.deepEqual(idsIn(openReplica({ log }), "a"), [1]);
      dispose();
    });

    test("settings are kept to be shown", () => {
      run(replica, { kind: "update-collection", collection: "a", settings: { optimizer: { x: 1 } } });
      assert.deepEqual(JSON.parse(JSON.stringify(replica.shard("a").collection.settings)), { optimizer: { x: 1 } });
    });
  });

  test("links of a point are its neighbours, nearest first", () => {
    const [ground] = replica.links("a", 3, "");
    assert.deepEqual(ground?.neighbours.map(({ id }) => id).sort(), [1, 2]);
    assert.throws(
      () => replica.links("a", 99, ""),
      (error) => error instanceof MurmurationError && error.code === "not-found",
    );
  });

  test("ids of new replicas are asked for once", () => {
    assert.equal(replica.id, 5);
    assert.deepEqual(replica.digest("a").frontier, { "5": 3 });
    assert.deepEqual(new ReadsHere(replica, "a").count(everyPoint), 3);
  });
});
