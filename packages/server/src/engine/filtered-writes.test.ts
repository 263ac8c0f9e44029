import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PointCommand } from "@murmuration/core";
import { emptyFilter, MurmurationError, type Sliced } from "@murmuration/index";
import { type FilteredWrite, FilteredWrites } from "./filtered-writes.js";

const byFilter: PointCommand = { kind: "delete-points", collection: "a", target: { filter: emptyFilter } };
const byIds: PointCommand = { kind: "delete-points", collection: "a", target: { ids: [1] } };

/** Filters that take so many milliseconds, by the number of the write. */
function writes(costsMs: readonly number[]) {
  let nowMs = 0;
  let begun = 0;
  const ended: string[] = [];
  function* evaluate(): Sliced<PointCommand> {
    const costMs = costsMs[begun++] as number;
    for (let i = 0; i < costMs; i++) {
      nowMs++;
      yield "pause";
    }
    return byIds;
  }
  const filtered = new FilteredWrites(
    { resolveFilter: evaluate },
    {
      execute: ({ request, command }) => {
        assert.equal(command, byIds);
        ended.push(`${request} executed`);
      },
      refuse: ({ request }, error) =>
        ended.push(`${request} ${error instanceof MurmurationError ? error.code : error}`),
    },
    () => nowMs,
  );
  const take = (request: number, timeoutMs?: number): void => {
    const write: FilteredWrite = {
      kind: "write",
      request,
      command: byFilter,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    filtered.take(write);
  };
  return { filtered, take, ended, nowMs: () => nowMs };
}

describe("writes that select points by a filter", () => {
  it("are executed at once where the filter costs little, also beside one that costs much", () => {
    const { filtered, take, ended, nowMs } = writes([1_000, 1]);
    take(1);
    assert.ok(nowMs() <= 4, "others have their turn soon");
    take(2);
    assert.deepEqual(ended, ["2 executed"]);
    let steps = 0;
    for (; !filtered.isEmpty; steps++) filtered.step();
    assert.deepEqual(ended, ["2 executed", "1 executed"]);
    assert.ok(steps >= 200, `${steps} steps`);
  });

  it("are refused at their deadline, with nothing done", () => {
    const { filtered, take, ended, nowMs } = writes([100_000, 50]);
    take(1, 30);
    take(2, 1_000);
    while (!filtered.isEmpty) filtered.step();
    assert.deepEqual(ended, ["1 timeout", "2 executed"]);
    assert.ok(nowMs() < 120);
  });

  it("are refused when too many are under way, and when the server stops", () => {
    const { filtered, take, ended } = writes(new Array(300).fill(1_000));
    for (let i = 0; i < 257; i++) take(i);
    assert.deepEqual(ended, ["256 unavailable"]);
    filtered.refuseAll(new MurmurationError("unavailable", "the server is stopping"));
    assert.equal(ended.length, 257);
    assert.equal(filtered.isEmpty, true);
  });
});
