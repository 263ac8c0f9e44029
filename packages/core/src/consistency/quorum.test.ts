import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { covers, emptyVersionVector } from "../causality/version-vector.js";
import { type ConsistencyLevel, majority, membersNeeded, parseConsistency, readsSeeWrites } from "./level.js";
import { Quorum } from "./quorum.js";
import type { Frontiers, ReadWait, WriteWait } from "./wait.js";

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

const level: ConsistencyLevel = { kind: "quorum" };
const write = (operationId = 7): WriteWait => ({ kind: "write", shard: "s", operationId, level, timeoutMs: 100 });
const read: ReadWait = { kind: "read", shards: ["s"], level, timeoutMs: 100 };
const quorumOf = (request: WriteWait | ReadWait, members: readonly number[], firstRound = 4) =>
  new Quorum({ self: 1, request, shards: ["s"] }, members, firstRound);
const never = () => false;
const heldIn = (held: Frontiers) => (wanted: Frontiers) =>
  [...wanted].every(([shard, frontier]) => covers(held.get(shard) ?? emptyVersionVector, frontier));
const says = (frontier: Record<number, number>) => new Map([["s", vector(frontier)]]);

test("of a write those members agree that hold it, each once and whenever they were asked", () => {
  const quorum = quorumOf(write(), [1, 2, 3]);
  quorum.note({ member: 3, round: 1, frontiers: says({ 1: 7 }) });
  quorum.note({ member: 3, round: 4, frontiers: says({ 1: 8 }) });
  quorum.note({ member: 2, round: 4, frontiers: says({ 1: 6, 2: 99 }) });
  quorum.note({ member: 2, round: 4, frontiers: new Map([["other", vector({ 1: 7 })]]) });
  quorum.note({ member: 9, round: 4, frontiers: says({ 1: 7 }) });
  assert.deepEqual(quorum.agreed(never), [3]);
  assert.deepEqual([quorum.lacks(2), quorum.lacks(3)], [true, false]);
  quorum.note({ member: 2, round: 4, frontiers: says({ 1: 9 }) });
  assert.deepEqual(quorum.agreed(never), [2, 3]);
});

test("of a read those agree whose first answer since it began is held", () => {
  const quorum = quorumOf(read, [1, 2, 3]);
  quorum.note({ member: 2, round: 3, frontiers: says({ 1: 1 }) });
  quorum.note({ member: 3, round: 4, frontiers: new Map() });
  assert.equal(quorum.answers().size, 0, "an answer from before, and one about other shards");
  quorum.note({ member: 2, round: 4, frontiers: says({ 2: 5 }) });
  quorum.note({ member: 2, round: 5, frontiers: says({ 2: 6 }) });
  quorum.note({ member: 3, round: 5, frontiers: says({ 3: 2 }) });
  quorum.note({ member: 9, round: 5, frontiers: says({}) });
  assert.deepEqual(quorum.agreed(heldIn(says({}))), []);
  assert.deepEqual(quorum.agreed(heldIn(says({ 2: 5 }))), [2]);
  assert.deepEqual(quorum.agreed(heldIn(says({ 2: 5, 3: 2 }))), [2, 3]);
});

test("with W + R > N a read that is done holds every write that was done before it, whoever answers", () => {
  let [done, waited] = [0, 0];
  assertUntil(
    () => ({ done: [done, 10], waited: [waited, 10] }),
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
      // some hold the write, as many as it asked for at the least
      const holders = new Set(shuffled(members).slice(0, needed + below(answers)));
      const writing = quorumOf(write(), members);
      for (const member of holders) writing.note({ member, round: 4, frontiers: says({ 1: 7 }) });
      assert.ok(writing.agreed(never).length >= needed);

      const reader = 1 + below(count);
      const reading = quorumOf(read, members);
      for (const member of shuffled(members).slice(0, answers)) {
        reading.note({ member, round: 4, frontiers: says(holders.has(member) ? { 1: 7 } : {}) });
      }
      const holds = holders.has(reader);
      const isDone = (held: Frontiers) => reading.agreed(heldIn(held)).length >= answers;
      if (isDone(holds ? says({ 1: 7 }) : says({}))) {
        assert.ok(holds);
        done++;
      } else {
        assert.ok(isDone(says({ 1: 7 })), "it is done when the write has come");
        waited++;
      }
    }),
  );
});
