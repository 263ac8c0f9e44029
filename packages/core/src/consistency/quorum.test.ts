import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError, type PointId } from "@murmuration/index";
import fc from "fast-check";
import { type ConsistencyLevel, majority, membersNeeded, parseConsistency, readsSeeWrites } from "./level.js";
import { QuorumRead, type QuorumReadOptions } from "./quorum-read.js";
import { QuorumWrite } from "./quorum-write.js";

const vector = (entries: Record<number, number>) =>
  new Map(Object.entries(entries).map(([origin, sequence]) => [Number(origin), sequence]));
const code = (name: string) => (error: unknown) =>
  error instanceof MurmurationError && error.code === name && error.field === "consistency";

test("levels are named or are numbers of members", () => {
  const cases: [unknown, ConsistencyLevel][] = [
    ["eventual", { kind: "eventual" }],
    ["session", { kind: "session" }],
    ["quorum", { kind: "quorum" }],
    ["all", { kind: "all" }],
    ["2", { kind: "count", count: 2 }],
    [3, { kind: "count", count: 3 }],
  ];
  for (const [text, level] of cases) assert.deepEqual(parseConsistency(text, "consistency"), level);
  for (const text of ["", "most", "-1", "1.5", 1.5, "0x2", null, undefined, {}, Number.NaN, "9999999999"]) {
    assert.throws(() => parseConsistency(text, "consistency"), code("format"));
  }
  for (const text of [0, "0", -1, 1001, "99999"]) {
    assert.throws(() => parseConsistency(text, "consistency"), code("validation"));
  }
});

test("a level asks for so many of the members", () => {
  const needed = (level: unknown, members: number) =>
    membersNeeded(parseConsistency(level, "consistency"), members, "consistency");
  assert.deepEqual(
    ["eventual", "session", "quorum", "all", 2].map((level) => needed(level, 5)),
    [1, 1, 3, 5, 2],
  );
  assert.deepEqual([1, 2, 3, 4].map(majority), [1, 2, 2, 3]);
  assert.throws(() => needed(4, 3), code("validation"));
});

test("a read of R members meets a write of W exactly when W + R > N", () => {
  for (let members = 1; members <= 6; members += 1) {
    for (let write = 1; write <= members; write += 1) {
      for (let read = 1; read <= members; read += 1) {
        // the worst case: the read asks those last who have the write
        const meet = members - write < read;
        assert.equal(readsSeeWrites(write, read, members), meet);
      }
      assert.ok(readsSeeWrites(majority(members), majority(members), members));
    }
  }
});

const write = (needed: number) =>
  new QuorumWrite({ shard: "s", dot: { origin: 1, sequence: 7 }, needed, members: [1, 2, 3], deadlineMs: 100 });

test("a write is done when enough members hold it durably", () => {
  const quorum = write(2);
  quorum.noteDurable(1, "s", vector({ 1: 7 }));
  quorum.noteDurable(1, "s", vector({ 1: 8 }));
  quorum.noteDurable(2, "s", vector({ 1: 6, 2: 99 }));
  quorum.noteDurable(2, "other", vector({ 1: 7 }));
  quorum.noteDurable(9, "s", vector({ 1: 7 }));
  assert.deepEqual(quorum.outcome(99), { state: "waiting" });
  quorum.noteDurable(2, "s", vector({ 1: 9 }));
  assert.deepEqual(quorum.outcome(200), { state: "done", acknowledged: [1, 2] });
});

test("a write that misses its quorum in time says so and stays", () => {
  const quorum = write(3);
  quorum.noteDurable(3, "s", vector({ 1: 7 }));
  quorum.noteDurable(1, "s", vector({ 1: 7 }));
  assert.deepEqual(quorum.outcome(100), { state: "quorum-missed", acknowledged: [1, 3], needed: 3 });
  quorum.noteDurable(2, "s", vector({ 1: 7 }));
  assert.deepEqual(quorum.outcome(101), { state: "quorum-missed", acknowledged: [1, 2, 3], needed: 3 });
  assert.throws(() => write(4), /among the members/);
});

/** The state of a point here is one number, and the greater wins. */
const greater = (a: Uint8Array, b: Uint8Array) => ((a[0] as number) >= (b[0] as number) ? a : b);
const state = (id: PointId, value: number) => ({ id, bytes: Uint8Array.of(value) });
const read = (needed: number, more: Partial<QuorumReadOptions> = {}) =>
  new QuorumRead({
    requestId: 4,
    ids: [5, "b", 6],
    needed,
    members: [1, 2, 3],
    deadlineMs: 100,
    merge: greater,
    ...more,
  });

test("a read merges what enough members answer and says who lags", () => {
  const quorum = read(2);
  quorum.noteAnswer(2, { requestId: 4, frontier: vector({ 1: 3, 2: 9 }), states: [state(5, 1), state("b", 8)] });
  quorum.noteAnswer(2, { requestId: 4, frontier: vector({ 1: 99 }), states: [] });
  quorum.noteAnswer(9, { requestId: 4, frontier: vector({ 1: 99 }), states: [] });
  quorum.noteAnswer(3, { requestId: 5, frontier: vector({ 1: 99 }), states: [] });
  assert.deepEqual(quorum.outcome(99), { state: "waiting" });
  quorum.noteAnswer(1, { requestId: 4, frontier: vector({ 1: 5 }), states: [state(5, 2)] });
  const done = {
    state: "done",
    states: new Map<PointId, Uint8Array>([
      [5, Uint8Array.of(2)],
      ["b", Uint8Array.of(8)],
    ]),
    frontier: vector({ 1: 5, 2: 9 }),
    lagging: [
      { member: 1, ids: ["b"] },
      { member: 2, ids: [5] },
    ],
  };
  assert.deepEqual(quorum.outcome(200), done);
  quorum.noteAnswer(3, { requestId: 4, frontier: vector({ 3: 1 }), states: [state(6, 1)] });
  assert.deepEqual(quorum.outcome(300), done);
});

test("a read that misses its quorum in time says so, and stays so", () => {
  const quorum = read(2);
  quorum.noteAnswer(3, { requestId: 4, frontier: vector({}), states: [] });
  assert.deepEqual(quorum.outcome(100), { state: "quorum-missed", answered: [3], needed: 2 });
  quorum.noteAnswer(1, { requestId: 4, frontier: vector({}), states: [] });
  assert.deepEqual(quorum.outcome(101), { state: "quorum-missed", answered: [3], needed: 2 });
});

test("with W + R > N a read sees every write that was done before it, whoever answers", () => {
  let done = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat(99)), (count, luck) => {
      const below = (end: number) => (luck.next().value as number) % end;
      const shuffled = (values: readonly number[]) => {
        const left = [...values];
        return values.map(() => left.splice(below(left.length), 1)[0] as number);
      };
      const members = Array.from({ length: count }, (_, at) => at + 1);
      const needed = 1 + below(count);
      const answers = count - needed + 1;
      assert.ok(readsSeeWrites(needed, answers, count));
      const held = new Map(members.map((member) => [member, 0]));
      const quorum = new QuorumWrite({ shard: "s", dot: { origin: 1, sequence: 1 }, needed, members, deadlineMs: 1 });
      for (const member of shuffled(members)) {
        if (quorum.outcome(0).state === "done") break;
        held.set(member, 7);
        quorum.noteDurable(member, "s", vector({ 1: 1 }));
      }
      assert.equal(quorum.outcome(0).state, "done");
      const reading = read(answers, { members, ids: [5] });
      for (const member of shuffled(members).slice(0, answers)) {
        reading.noteAnswer(member, { requestId: 4, frontier: vector({}), states: [state(5, held.get(member) ?? 0)] });
      }
      const outcome = reading.outcome(0);
      assert.ok(outcome.state === "done" && outcome.states.get(5)?.[0] === 7);
      for (const { member } of outcome.lagging) assert.equal(held.get(member), 0);
      done += 1;
    }),
  );
  assert.ok(done >= 100);
});
