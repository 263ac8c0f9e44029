import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollection, openReplica, point, run, upsert } from "../replica.test-support.js";

test("upkeep is at rest only when it has looked at everything that was written", () => {
  const replica = openReplica();
  const isAtRest = () => replica.status().upkeep.atRest;
  const rest = () => {
    for (let ticks = 0; !isAtRest(); ticks++) {
      assert.ok(ticks < 100, "it comes to rest");
      replica.tick();
    }
  };
  run(
    replica,
    createCollection("c"),
    upsert(
      "c",
      Array.from({ length: 30 }, (_, i) => point(i, [i % 7, i % 11])),
    ),
  );
  assert.equal(isAtRest(), false);
  rest();
  run(replica, { kind: "delete-points", collection: "c", target: { ids: [1, 2, 3] } });
  assert.equal(isAtRest(), false, "a client's write is something to look at");
  rest();
  assert.equal(replica.digest("c").dead, 0);
});
