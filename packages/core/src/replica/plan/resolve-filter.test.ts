import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { emptyFilter, type Filter, MurmurationError } from "@murmuration/index";
import type { Command, PointCommand, PointWrite } from "../../command/command.js";
import { limits } from "../../limits.js";
import type { Replica } from "../replica.js";
import {
  createCollection,
  everyPoint,
  identity,
  openReplica,
  point,
  run,
  upsert,
  where,
} from "../replica.test-support.js";
import { selectsByFilter } from "./resolve-filter.js";

const POINTS = 3_000;

/** Costs much: half of the points satisfy it. */
const filter: Filter = {
  ...emptyFilter,
  must: [{ kind: "match-any", key: "n", values: [0, 2, 4, 6, 8] }],
  mustNot: Array.from({ length: 40 }, (_, i) => ({ kind: "match-value", key: `k${i}`, value: 1 }) as const),
};

function filled(): Replica {
  const replica = openReplica();
  const points = Array.from({ length: POINTS }, (_, i) => point(i, [i, 1], { n: i % 10 }));
  run(replica, createCollection("a"), upsert("a", points));
  return replica;
}

const commands: readonly PointCommand[] = [
  { kind: "delete-points", collection: "a", target: { filter } },
  { kind: "set-payload", collection: "a", target: { filter }, payload: { marked: true } },
  { kind: "set-payload", collection: "a", target: { filter: where({ kind: "has-id", ids: [] }) }, payload: { x: 1 } },
  { kind: "delete-payload", collection: "a", target: { filter }, keys: ["n"] },
  { kind: "delete-vectors", collection: "a", target: { filter }, vectors: [""] },
  upsert(
    "a",
    Array.from({ length: 2_000 }, (_, i) => point(2 * POINTS - 3 * i, [7, i])),
    { updateFilter: filter },
  ),
];

/** Each command meets what those before it left: points that satisfy the filter since, satisfy it no more, and are gone. */
const batch: PointWrite = {
  kind: "point-batch",
  collection: "a",
  commands: [
    { kind: "set-payload", collection: "a", target: { filter }, payload: { n: 3 } },
    upsert("a", [point(1, [1, 1], { n: 4 }), point(10 * POINTS, [1, 1], { n: 4 }), point(3, [1, 1], { n: 2 })]),
    { kind: "set-payload", collection: "a", target: { filter }, payload: { marked: true } },
    upsert("a", [point(1, [2, 2], { n: 1 }), point(7, [2, 2], { n: 1 })], { updateFilter: filter }),
    {
      kind: "delete-points",
      collection: "a",
      target: { filter: where({ kind: "match-value", key: "marked", value: true }) },
    },
  ],
};

/** Changes that come in between: points that satisfy the filter, satisfy it no more, and are gone. */
const between = (i: number): Command[] => [
  upsert("a", [
    point(2 * i + 1, [1, i], { n: 2 }),
    point(4 * i, [2, i], { n: 3 }),
    point(POINTS + i, [3, i], { n: 4 }),
  ]),
  { kind: "delete-points", collection: "a", target: { ids: [10 * i + 6] } },
];

describe("a command whose filter is evaluated in slices", () => {
  for (const command of [...commands, batch]) {
    test(`${command.kind} does what it does when it is executed at the end of that`, () => {
      const [replica, twin] = [filled(), filled()];
      assert.ok(selectsByFilter(command));
      const work = replica.resolveFilter(command);
      let pauses = 0;
      let step = work.next();
      for (; step.done !== true; step = work.next()) {
        if (pauses++ >= 30) continue;
        for (const each of [replica, twin]) run(each, ...between(pauses));
      }
      if (command !== batch) assert.equal(selectsByFilter(step.value), "updateFilter" in command);
      assert.deepEqual(run(replica, step.value), run(twin, command));
      assert.deepEqual(identity(replica), identity(twin));
      if (command !== commands[2]) assert.ok(pauses > 5, `${pauses} pauses`);
    });
  }

  test("is refused where the filters of a batch select more than may be kept", () => {
    const target = { filter: everyPoint };
    const command = { kind: "delete-points", collection: "a", target } as const;
    const replica = filled();
    const commands = Array.from({ length: Math.ceil(limits.batchSelectedMax / POINTS) + 1 }, () => command);
    const work = replica.resolveFilter({ kind: "point-batch", collection: "a", commands });
    const finish = () => {
      while (work.next().done !== true);
    };
    assert.throws(finish, (error) => error instanceof MurmurationError && error.code === "bad-request");
  });

  test("is not found when its collection is dropped meanwhile", () => {
    const replica = filled();
    const work = replica.resolveFilter(commands[0] as PointCommand);
    work.next();
    run(replica, { kind: "delete-collection", name: "a" });
    const finish = () => {
      while (work.next().done !== true);
    };
    assert.throws(finish, (error) => error instanceof MurmurationError && error.code === "not-found");
  });

  test("is one that selects by a filter, and not one that names its points", () => {
    assert.equal(selectsByFilter({ kind: "delete-points", collection: "a", target: { ids: [1] } }), false);
    assert.equal(selectsByFilter(createCollection("b")), false);
  });
});
