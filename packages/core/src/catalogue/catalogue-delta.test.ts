import assert from "node:assert/strict";
import { test } from "node:test";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import type { CatalogueCommand } from "./catalogue-command.js";
import { catalogueDelta, withDelta } from "./catalogue-delta.js";
import { CatalogueDocument } from "./catalogue-document.js";
import { alias, aliases, create, erased, erasing, index, plain, remove, run, update } from "./commands.test-support.js";

test("what a follower makes of deltas is the catalogue, whatever was done, as it comes through another thread", () => {
  const names = fc.constantFrom("x", "y", "z", "__proto__", "constructor");
  const commands: fc.Arbitrary<CatalogueCommand> = fc.oneof(
    names.map(create),
    names.map(remove),
    fc.tuple(names, fc.constantFrom("p", "q", "__proto__")).map(([name, other]) => aliases(alias(other, name))),
    fc.constantFrom("p", "q").map((name) => aliases({ kind: "delete-alias", alias: name })),
    fc.tuple(names, fc.nat(3)).map(([name, value]) => update(name, { s: value })),
    names.map((name) => index(name, "a.b")),
    fc.tuple(names, fc.nat(3)).map((of) => erasing(...of)),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })).map(([by, id]) => erased(by, `1-${id}`)),
    fc.integer({ min: 1, max: 4 }).map((id) => ({ kind: "join-member", id, region: "r" }) as const),
  );
  let done = 0;
  assertUntil(
    () => ({ "commands done": [done, 200] }),
    fc.property(fc.array(commands, { minLength: 5, maxLength: 25 }), (all) => {
      let document = CatalogueDocument.create(1);
      let followed = structuredClone(document.read());
      for (const [i, command] of all.entries()) {
        const before = document;
        try {
          document = run(document, [command, `1-${i + 1}`]);
        } catch {
          continue;
        }
        done += 1;
        followed = withDelta(followed, structuredClone(catalogueDelta(before.read(), document.read())));
        assert.deepEqual(plain(followed), plain(document.read()));
        assert.equal(JSON.stringify(followed), JSON.stringify(document.read()));
      }
    }),
  );
});

test("a delta is as large as the change, however many collections there are", () => {
  const many = (count: number) => {
    const commands = Array.from({ length: count }, (_, i) => [create(`c${i}`), `1-${i + 1}`] as const);
    return run(CatalogueDocument.create(1), ...commands);
  };
  for (const count of [5, 300]) {
    const before = many(count);
    const of = (command: CatalogueCommand) => catalogueDelta(before.read(), run(before, [command, "1-9999"]).read());
    assert.deepEqual(
      of(update("c3", { s: 1 })).collections.map(({ name }) => name),
      ["c3"],
    );
    assert.deepEqual(of(remove("c3")), { collections: [], dropped: ["1-4"], aliases: [], droppedAliases: [] });
    assert.deepEqual(of(aliases(alias("a", "c3"))), {
      collections: [],
      dropped: [],
      aliases: [["a", "1-4"]],
      droppedAliases: [],
    });
    assert.equal(of(create("new")).collections.length, 1);
  }
});
