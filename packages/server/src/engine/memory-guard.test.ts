import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { addsToMemory, MemoryGuard, memoryOf, requireRoomFor, sharedMemoryState, whyFull } from "./memory-guard.js";

const MEBIBYTE = 1024 * 1024;
const LIMIT = 1_000;

/** A heap of which some is garbage, and a clock. */
function fixture() {
  const state = { usedMebibytes: 0, garbageMebibytes: 0, nowMs: 0, collections: 0 };
  const shared = sharedMemoryState();
  const heap = {
    read: () => ({
      usedBytes: (state.usedMebibytes + state.garbageMebibytes) * MEBIBYTE,
      limitBytes: LIMIT * MEBIBYTE,
    }),
    collect: () => {
      state.garbageMebibytes = 0;
      state.collections++;
    },
  };
  const guard = new MemoryGuard(shared, "engine", heap, () => state.nowMs);
  const lookAfter = (ms: number) => {
    state.nowMs += ms;
    return guard.look();
  };
  return { state, shared, lookAfter };
}

describe("the guard of a thread's heap", () => {
  it("refuses when what is used is more than its share, and says which heap it is, and how full", () => {
    const { state, shared, lookAfter } = fixture();
    assert.equal(lookAfter(100), undefined);
    state.usedMebibytes = 720;
    assert.match(lookAfter(100) ?? "", /^memory: the engine thread's heap holds 720 of 1000 MiB/);
    assert.match(whyFull(shared) ?? "", /engine/);
    assert.deepEqual(memoryOf(shared, "engine"), {
      usedBytes: 720 * MEBIBYTE,
      limitBytes: LIMIT * MEBIBYTE,
      isFull: true,
    });
  });

  it("takes more again when enough was deleted, and not at the first byte", () => {
    const { state, lookAfter } = fixture();
    state.usedMebibytes = 705;
    assert.notEqual(lookAfter(100), undefined);
    state.usedMebibytes = 690;
    assert.notEqual(lookAfter(100), undefined);
    state.usedMebibytes = 600;
    assert.equal(lookAfter(100), undefined);
    state.usedMebibytes = 690;
    assert.equal(lookAfter(100), undefined);
  });

  it("takes garbage for what it is, and collects it not at every look", () => {
    const { state, lookAfter } = fixture();
    state.usedMebibytes = 500;
    state.garbageMebibytes = 300;
    assert.equal(lookAfter(100), undefined);
    assert.equal(state.collections, 1);
    state.usedMebibytes = 800;
    for (let i = 0; i < 10; i++) assert.notEqual(lookAfter(60), undefined);
    assert.ok(state.collections <= 3, `${state.collections} collections`);
    state.usedMebibytes = 100;
    state.garbageMebibytes = 700;
    lookAfter(3_000);
    assert.equal(lookAfter(100), undefined, "deleted points become garbage, which is found");
  });

  it("tells the other thread", () => {
    const shared = sharedMemoryState();
    const heap = (used: number) => ({
      read: () => ({ usedBytes: used * MEBIBYTE, limitBytes: LIMIT * MEBIBYTE }),
      collect: () => undefined,
    });
    const engine = new MemoryGuard(shared, "engine", heap(10));
    new MemoryGuard(shared, "http", heap(900));
    assert.match(engine.look() ?? "", /the http thread's heap holds 900 of 1000 MiB/);
  });

  it("lets pass what adds nothing, and a body that fits", () => {
    assert.equal(addsToMemory({ kind: "delete-points", collection: "a", target: { ids: [1] } }), false);
    assert.equal(addsToMemory({ kind: "switch-graph", id: "1-1", graph: "1-2" }), true);
    assert.equal(addsToMemory({ kind: "upsert-points", collection: "a", points: [], mode: "upsert" }), true);
    const use = { usedBytes: 600 * MEBIBYTE, limitBytes: LIMIT * MEBIBYTE };
    requireRoomFor(use, 32 * MEBIBYTE);
    const refused = (error: unknown) => error instanceof MurmurationError && error.code === "capacity";
    assert.throws(() => requireRoomFor(use, 60 * MEBIBYTE), refused);
  });
});
