import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, MurmurationError, type Payload, type PointId } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import type { PointCommand, Target } from "../command/command.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { decodeOperation } from "../operation/codec.js";
import { newIndexes, openShard } from "../state/open-shard.js";
import { countedPayloadKeys } from "../state/payload-keys.js";
import { digestOf } from "./inspect.js";
import {
  createCollection,
  identity,
  openReplica,
  payloadOf,
  refusal,
  run,
  space,
  upsert,
} from "./replica.test-support.js";

const awkward = ["\ufeff", "\ufeffn", "n", "\ufffd", "e\u0301", "é", "😀", "\0", "a b", "constructor"];
const keys = fc
  .oneof(fc.constantFrom(...awkward), fc.string({ unit: "binary", maxLength: 6 }))
  .map((key) => (key === "__proto__" ? "proto" : key));
const texts = fc.oneof(
  keys,
  keys.map((key) => `\ufeff${key.repeat(70)}`),
);
const values: fc.Arbitrary<Json> = fc.oneof(
  texts,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom<Json>(-0, 5n, 2n ** 63n, null, [], {}),
  fc.dictionary(keys, fc.oneof(texts, fc.constant(-0)), { maxKeys: 3, noNullPrototype: true }),
  fc.array(texts, { maxLength: 3 }),
);
const payloads: fc.Arbitrary<Payload> = fc.dictionary(keys, values, { maxKeys: 4, noNullPrototype: true });
const ids: fc.Arbitrary<PointId> = fc.constantFrom<PointId[]>(0, 1, 2n ** 60n, "0189fc3a-97c4-7a0b-8d6e-f0123456789a");
const vectorNames = ["", "\ufeffa", "a", "constructor"];
const vectors = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...vectorNames), fc.float({ noNaN: true, min: -9, max: 9 })), {
    selector: ([name]) => name,
    maxLength: 4,
  })
  .map((all) => Object.fromEntries(all.map(([name, value]) => [name, Float32Array.of(value, 1)])));
const quoted = (key: string) => `"${key.replaceAll('"', "")}"`;
const paths = fc.array(keys.map(quoted), { minLength: 1, maxLength: 2 }).map((steps) => steps.join("."));
const targets: fc.Arbitrary<Target> = fc.array(ids, { minLength: 1, maxLength: 2 }).map((some) => ({ ids: some }));
const on = <Kind extends string, More extends object>(
  kind: Kind,
  more: { [Key in keyof More]: fc.Arbitrary<More[Key]> },
): fc.Arbitrary<{ kind: Kind; collection: string } & More> =>
  fc.record<More>(more, { noNullPrototype: true }).map((rest) => ({ kind, collection: "c", ...rest }) as never);

const commands: fc.Arbitrary<PointCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.record({ id: ids, vectors, payload: payloads }), { minLength: 1, maxLength: 2 })
      .map((points) => upsert("c", points)),
  },
  on("set-payload", { target: targets, payload: payloads }),
  fc
    .tuple(on("set-payload", { target: targets, payload: payloads }), paths)
    .map(([command, key]) => ({ ...command, key })),
  on("overwrite-payload", { target: targets, payload: payloads }),
  fc
    .tuple(on("overwrite-payload", { target: targets, payload: payloads }), paths)
    .map(([command, key]) => ({ ...command, key })),
  on("delete-payload", { target: targets, keys: fc.array(paths, { maxLength: 2 }) }),
  on("clear-payload", { target: targets }),
  on("delete-points", { target: targets }),
  on("delete-vectors", { target: targets, vectors: fc.array(fc.constantFrom(...vectorNames), { maxLength: 3 }) }),
  fc
    .record({ id: ids, vectors })
    .map((point) => ({ kind: "update-vectors" as const, collection: "c", points: [point] })),
);

const named = createCollection("c", Object.fromEntries(vectorNames.map((name) => [name, space(2)])));

test("what a command does here is what everybody reads out of its operations, for all kinds of commands", () => {
  const kinds = new Set<string>();
  assertUntil(
    () => ({ "kinds done": [kinds.size, 8] }),
    fc.property(fc.array(commands, { minLength: 1, maxLength: 12 }), (all) => {
      const log = new MemoryOpLog();
      const replica = openReplica({ log });
      run(replica, named);
      for (const command of all) {
        const [outcome] = replica.execute([command]).outcomes;
        if (outcome instanceof MurmurationError)
          assert.ok(["not-found", "wrong-input", "format"].includes(outcome.code));
        else kinds.add(command.kind);
      }
      const { collection } = replica.shard("c");
      const target = openShard(collection, newIndexes(collection), countedPayloadKeys());
      for (const { shard, origin, sequence, bytes } of log.read(0)) {
        if (shard === collection.id) target.shard.apply(decodeOperation(shard, origin, sequence, bytes));
      }
      assert.deepEqual(digestOf(target), replica.digest("c"));
      for (const { id, payload } of target.shard.table.states()) {
        const mine = replica.shard("c").table.state(id)?.payload;
        // byte by byte: key order, and 0 as it is
        assert.equal(shown(payload), shown(mine));
      }
    }),
    { numRuns: 150 },
  );
});

const shown = (value: unknown) =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === "bigint" || typeof item === "number" ? `${typeof item} ${item}${Object.is(item, -0)}` : item,
  );

test("a key with a byte order mark sets that key and no other", () => {
  const replica = openReplica();
  run(replica, named, upsert("c", [{ id: 1, vectors: {}, payload: { n: 1 } }]));
  run(replica, { kind: "set-payload", collection: "c", target: { ids: [1] }, payload: { z: 1 }, key: "\ufeffn" });
  assert.deepEqual(payloadOf(replica, "c", 1), { n: 1, "\ufeffn": { z: 1 } });
});

test("text that is not well-formed is refused by its place, whatever command it comes in, and nothing changes", () => {
  const replica = openReplica();
  run(replica, named, upsert("c", [{ id: 1, vectors: {}, payload: { n: 1 } }]));
  const bad = "x\ud800";
  const target = { ids: [1] };
  const cases: [PointCommand, string][] = [
    [
      upsert("c", [
        { id: 2, vectors: {}, payload: {} },
        { id: 1, vectors: {}, payload: { a: [bad] } },
      ]),
      "points[1].payload.a[0]",
    ],
    [{ kind: "set-payload", collection: "c", target, payload: { [bad]: 1 } }, "payload"],
    [{ kind: "set-payload", collection: "c", target, payload: { a: 1 }, key: bad }, "key"],
    [{ kind: "overwrite-payload", collection: "c", target, payload: { a: { b: bad } } }, "payload.a.b"],
    [{ kind: "overwrite-payload", collection: "c", target, payload: {}, key: `a."${bad}"` }, "key"],
    [{ kind: "delete-payload", collection: "c", target, keys: [bad] }, "keys"],
  ];
  for (const [command, field] of cases) {
    const error = refusal(replica, command);
    assert.deepEqual([error.code, error.field], ["format", field]);
    assert.match(error.message, /lone surrogate U\+D800 at index \d/);
  }
  assert.ok(identity(replica));
});
