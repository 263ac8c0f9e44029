import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { PointId } from "@murmuration/index";
import type { CheckpointSlot, LogEntry, LogWriter, OpLog } from "./op-log.js";

/** A fresh, empty log, and how to get rid of it. */
export interface OpLogUnderTest {
  readonly log: OpLog;
  /** Closes the log and opens the same storage again. Absent for a log that does not outlive its object. */
  reopen?(): OpLog;
  dispose(): void;
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const dots = (entries: Iterable<LogEntry>) =>
  [...entries].map((entry) => `${entry.shard}/${entry.origin}:${entry.sequence}`);
const storedPoints = (log: OpLog, shard: string) =>
  new Map<PointId, string>([...log.points(shard)].map(({ id, state }) => [id, textOf(state)]));
const keyed = (key: number, text: string) => ({ key, bytes: () => bytesOf(text) });
/** Payloads of the points of a shard, by id. */
const storedPayloads = (log: OpLog, shard: string) =>
  new Map([...log.points(shard)].map(({ id, payload }) => [id, payload && textOf(payload.bytes)]));
const payloadOf = (log: OpLog, shard: string, key: number) => {
  const bytes = log.payload(shard, key);
  return bytes && textOf(bytes);
};

function appendMany(log: OpLog, shard: string, origin: number, first: number, count: number): void {
  log.transaction((writer) => {
    for (let at = 0; at < count; at += 1)
      writer.append(shard, origin, first + at, bytesOf(`${shard}${origin}:${first + at}`));
  });
}

const sortedFrontier = (log: OpLog, shard: string) => [...log.frontier(shard)].sort(([a], [b]) => a - b);

function checkpointOf(log: OpLog, shard: string, slot: CheckpointSlot): (readonly [number, string])[] {
  return log
    .checkpointParts(shard, slot)
    .map((part) => [part, textOf(log.checkpointPart(shard, slot, part) as Uint8Array)] as const);
}

/** Everything an `OpLog` observably holds. */
function contents(log: OpLog): unknown {
  return {
    entries: [...log.read(0)],
    lastPosition: log.lastPosition(),
    shards: log.shards().map((shard) => [shard, log.frontier(shard), storedPoints(log, shard)]),
    setting: log.setting("replica"),
    checkpoints: ["a", "b"].map((shard) => [checkpointOf(log, shard, "current"), checkpointOf(log, shard, "incoming")]),
  };
}

/** Registers the tests that every adapter of the `OpLog` port passes. */
export function opLogConformance(name: string, makeLog: () => OpLogUnderTest): void {
  describe(`${name} keeps the contract of an op-log`, () => {
    let subject: OpLogUnderTest;
    let log: OpLog;
    beforeEach(() => {
      subject = makeLog();
      log = subject.log;
    });
    afterEach(() => subject.dispose());

    test("a new log is empty", () => {
      const none = [[], []];
      assert.deepEqual(contents(log), {
        entries: [],
        lastPosition: 0,
        shards: [],
        setting: undefined,
        checkpoints: [none, none],
      });
      assert.deepEqual(log.frontier("a"), new Map());
      assert.deepEqual([...log.points("a")], []);
    });

    test("entries come back by position with their bytes", () => {
      const positions = log.transaction((writer) => [
        writer.append("a", 1, 1, bytesOf("one")),
        writer.append("b", 1, 1, bytesOf("")),
        writer.append("a", 2, 1, bytesOf("three")),
      ]);
      const entries = [...log.read(0)];
      assert.deepEqual(dots(entries), ["a/1:1", "b/1:1", "a/2:1"]);
      assert.deepEqual(
        entries.map((entry) => textOf(entry.bytes)),
        ["one", "", "three"],
      );
      assert.deepEqual(
        entries.map((entry) => entry.position),
        positions,
      );
      assert.ok((positions[0] as number) > 0 && (positions[0] as number) < (positions[1] as number));
      assert.equal(log.lastPosition(), positions[2]);
    });

    test("the log keeps its own copy of what it was given", () => {
      const bytes = bytesOf("before");
      log.transaction((writer) => {
        writer.append("a", 1, 1, bytes);
        writer.putPoint("a", 1, bytes);
      });
      bytes.fill(0);
      assert.equal(textOf([...log.read(0)][0]?.bytes as Uint8Array), "before");
      assert.equal(storedPoints(log, "a").get(1), "before");
    });

    test("reading begins behind the position, keeps to the shard and ends at the limit, also over many pages", () => {
      for (let round = 0; round < 3; round += 1) {
        appendMany(log, "a", 1, round * 200 + 1, 200);
        appendMany(log, "b", 7, round * 150 + 1, 150);
      }
      assert.equal([...log.read(0)].length, 1050);
      assert.deepEqual(dots(log.read(0, { shard: "b", limit: 2 })), ["b/7:1", "b/7:2"]);
      assert.equal([...log.read(0, { shard: "a" })].length, 600);
      assert.equal([...log.read(0, { limit: 700 })].length, 700);
      assert.deepEqual([...log.read(0, { limit: 0 })], []);
      const middle = [...log.read(0)][500]?.position as number;
      assert.deepEqual(dots(log.read(middle)), dots(log.read(0)).slice(501));
      assert.deepEqual([...log.read(log.lastPosition())], []);
      assert.deepEqual([...log.read(0, { shard: "unknown" })], []);
    });

    test("operations of one origin come by sequence, behind the given one and up to the limit", () => {
      appendMany(log, "a", 1, 1, 300);
      appendMany(log, "a", 2, 1, 5);
      appendMany(log, "a", 1, 301, 300);
      assert.deepEqual(
        [...log.readOrigin("a", 1, 0, 1000)].map((entry) => entry.sequence),
        Array.from({ length: 600 }, (_, at) => at + 1),
      );
      assert.deepEqual(dots(log.readOrigin("a", 1, 298, 4)), ["a/1:299", "a/1:300", "a/1:301", "a/1:302"]);
      assert.deepEqual(dots(log.readOrigin("a", 2, 3, 100)), ["a/2:4", "a/2:5"]);
      assert.deepEqual([...log.readOrigin("a", 3, 0, 100), ...log.readOrigin("b", 1, 0, 100)], []);
    });

    test("the frontier follows every append", () => {
      appendMany(log, "a", 1, 1, 3);
      appendMany(log, "a", 9, 1, 1);
      appendMany(log, "b", 1, 1, 2);
      assert.deepEqual(
        log.frontier("a"),
        new Map([
          [1, 3],
          [9, 1],
        ]),
      );
      assert.deepEqual(log.frontier("b"), new Map([[1, 2]]));
      assert.deepEqual(log.shards(), ["a", "b"]);
    });

    test("an operation that is not its origin's next one is refused and takes its transaction with it", () => {
      appendMany(log, "a", 1, 1, 3);
      const before = contents(log);
      for (const sequence of [1, 3, 5]) {
        assert.throws(() =>
          log.transaction((writer) => {
            writer.append("a", 2, 1, bytesOf("goes too"));
            writer.append("a", 1, sequence, bytesOf("x"));
          }),
        );
        assert.deepEqual(contents(log), before);
      }
      assert.throws(() => log.transaction((writer) => writer.append("a", 0, 1, bytesOf("no origin"))));
      assert.throws(() => log.transaction((writer) => writer.append("b", 1, 2, bytesOf("not the first"))));
      assert.deepEqual(contents(log), before);
      appendMany(log, "a", 1, 4, 1);
    });

    test("a transaction that throws leaves nothing behind, whatever it wrote", () => {
      appendMany(log, "a", 1, 1, 2);
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("old"));
        writer.putPoint("a", 2, bytesOf("stays"));
        writer.putCheckpointPart("a", "current", 0, bytesOf("stays"));
        writer.putSetting("replica", "7");
      });
      const before = contents(log);
      const failure = new Error("thrown by the body");
      assert.throws(
        () =>
          log.transaction((writer) => {
            writer.append("a", 1, 3, bytesOf("x"));
            writer.append("new", 1, 1, bytesOf("x"));
            writer.putPoint("a", 1, bytesOf("new"));
            writer.deletePoint("a", 2);
            writer.putSetting("replica", "8");
            writer.dropOperations("a", 2, new Map([[1, 1]]), new Map());
            writer.putCheckpointPart("a", "incoming", 0, bytesOf("x"));
            writer.promoteCheckpoint("a");
            writer.restartShard("a", new Map([[9, 9]]));
            writer.dropCheckpoint("a", "current");
            writer.dropShard("a");
            writer.append("a", 1, 1, bytesOf("after the drop"));
            throw failure;
          }),
        (error) => error === failure,
      );
      assert.deepEqual(contents(log), before);
      appendMany(log, "a", 1, 3, 1);
    });

    test("a transaction sees what it has written", () => {
      log.transaction((writer) => {
        writer.append("a", 1, 1, bytesOf("x"));
        writer.putPoint("a", 5, bytesOf("state"));
        writer.putSetting("replica", "7");
        assert.deepEqual(log.frontier("a"), new Map([[1, 1]]));
        assert.deepEqual(dots(log.read(0)), ["a/1:1"]);
        assert.equal(storedPoints(log, "a").get(5), "state");
        assert.equal(log.setting("replica"), "7");
      });
    });

    test("a transaction returns what its body returns, and its writer ends with it", () => {
      let leaked: Parameters<Parameters<OpLog["transaction"]>[0]>[0] | undefined;
      assert.equal(
        log.transaction((writer) => {
          leaked = writer;
          return 42;
        }),
        42,
      );
      assert.throws(() => leaked?.append("a", 1, 1, bytesOf("late")));
      assert.throws(() => log.transaction(() => log.transaction(() => 1)));
      assert.deepEqual([...log.read(0)], []);
      appendMany(log, "a", 1, 1, 1);
    });

    test("a lazy transaction holds like any other, and is there after a flush", () => {
      const append = (first: number, isLazy: boolean) =>
        log.transaction((writer) => writer.append("a", 1, first, bytesOf(`a1:${first}`)), { isLazy });
      append(1, true);
      append(2, false);
      append(3, true);
      assert.throws(() =>
        log.transaction(
          (writer) => {
            writer.append("a", 1, 4, bytesOf("not kept"));
            throw new Error("taken back");
          },
          { isLazy: true },
        ),
      );
      log.sync();
      log.sync();
      const held = dots(log.read(0));
      assert.deepEqual(held, ["a/1:1", "a/1:2", "a/1:3"]);
      const reopened = subject.reopen?.();
      if (reopened !== undefined) assert.deepEqual(dots(reopened.read(0)), held);
    });

    test("points are kept by id, of every kind of id", () => {
      const ids: PointId[] = [0, 1, 255, 2 ** 32, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n];
      ids.push("00000000-0000-0000-0000-000000000000", "0189fc3a-97c4-7a0b-8d6e-f0123456789a");
      log.transaction((writer) => {
        for (const id of ids) writer.putPoint("a", id, bytesOf(String(id)));
        writer.putPoint("b", 1, bytesOf("of b"));
        writer.putPoint("a", 255, bytesOf("replaced"));
        writer.deletePoint("a", 0);
        writer.deletePoint("a", 77);
        writer.deletePoint("unknown", 1);
      });
      const expected = new Map<PointId, string>(ids.map((id) => [id, String(id)]));
      expected.set(255, "replaced");
      expected.delete(0);
      assert.deepEqual(storedPoints(log, "a"), expected);
      assert.deepEqual(storedPoints(log, "b"), new Map([[1, "of b"]]));
      // one by one, and in pages
      for (const id of ids)
        assert.equal(textOf(log.point("a", id)?.state ?? bytesOf("none")), expected.get(id) ?? "none");
      assert.deepEqual([log.point("a", 77), log.point("unknown", 1)], [undefined, undefined]);
      const paged = new Map<PointId, string>();
      for (
        let after: PointId | undefined, page = log.pointPage("a", undefined, 3);
        ;
        page = log.pointPage("a", after, 3)
      ) {
        for (const { id, state, payloadKey } of page) {
          assert.deepEqual([paged.has(id), payloadKey], [false, 0]);
          paged.set(id, textOf(state));
        }
        if (page.length < 3) break;
        after = page.at(-1)?.id;
      }
      assert.deepEqual(paged, expected);
      assert.deepEqual(log.pointPage("unknown", undefined, 3), []);
      assert.deepEqual(
        ["a", "b", "unknown"].map((shard) => log.verifyPoints(shard)),
        [expected.size, 1, 0],
      );
      assert.deepEqual(log.shards(), ["a", "b"]);
    });

    test("an iterator may be kept across a write", () => {
      appendMany(log, "a", 1, 1, 600);
      log.transaction((writer) => {
        for (let id = 0; id < 600; id += 1) writer.putPoint("a", id, bytesOf("x"));
      });
      const seen: number[] = [];
      for (const entry of log.read(0, { limit: 600 })) {
        seen.push(entry.sequence);
        if (seen.length % 200 === 0) appendMany(log, "b", 1, seen.length / 200, 1);
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 600 }, (_, at) => at + 1),
      );
      const ids = new Set<PointId>();
      for (const { id } of log.points("a")) {
        ids.add(id);
        if (ids.size === 100) log.transaction((writer) => writer.putPoint("a", 1, bytesOf("y")));
      }
      assert.equal(ids.size, 600);
    });

    test("a dropped shard is gone, others stay, and positions still ascend", () => {
      appendMany(log, "a", 1, 1, 3);
      appendMany(log, "b", 1, 1, 3);
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("a"));
        writer.putPoint("b", 1, bytesOf("b"));
      });
      const last = log.lastPosition();
      log.transaction((writer) => {
        writer.dropShard("b");
        writer.dropShard("unknown");
      });
      assert.deepEqual(log.shards(), ["a"]);
      assert.deepEqual(log.frontier("b"), new Map());
      assert.deepEqual([...log.points("b"), ...log.readOrigin("b", 1, 0, 10)], []);
      assert.deepEqual(dots(log.read(0)), ["a/1:1", "a/1:2", "a/1:3"]);
      assert.equal(log.lastPosition(), last);
      log = subject.reopen?.() ?? log;
      assert.equal(log.lastPosition(), last);
      const position = log.transaction((writer) => writer.append("b", 1, 1, bytesOf("again")));
      assert.ok(position > last);
      assert.deepEqual(storedPoints(log, "a"), new Map([[1, "a"]]));
    });

    test("dropped operations are gone, what is to be kept stays, and frontier and positions are as before", () => {
      appendMany(log, "a", 1, 1, 600);
      appendMany(log, "b", 1, 1, 3);
      appendMany(log, "a", 2, 1, 5);
      assert.equal(log.operationCount("a"), 605);
      const last = log.lastPosition();
      const through = last - 2;
      const upTo = new Map([
        [1, 590],
        [2, 9],
        [3, 1],
      ]);
      const kept = new Map([[1, new Set([7, 300])]]);
      const drop = () => log.transaction((writer) => writer.dropOperations("a", through, upTo, kept));
      assert.equal(drop(), 588 + 3);
      assert.equal(drop(), 0);
      const left = [...log.readOrigin("a", 1, 0, 1000)].map(({ sequence }) => sequence);
      assert.deepEqual(left, [7, 300, 591, 592, 593, 594, 595, 596, 597, 598, 599, 600]);
      assert.deepEqual(dots(log.readOrigin("a", 2, 0, 10)), ["a/2:4", "a/2:5"]);
      assert.equal(log.operationCount("a"), 14);
      assert.deepEqual(dots(log.read(0, { shard: "b" })), ["b/1:1", "b/1:2", "b/1:3"]);
      log.transaction((writer) => {
        for (const shard of ["a", "b", "unknown"])
          writer.dropOperations(
            shard,
            last,
            new Map([
              [1, 600],
              [2, 5],
            ]),
            new Map(),
          );
      });
      assert.deepEqual([...log.read(0)], []);
      log = subject.reopen?.() ?? log;
      assert.equal(log.lastPosition(), last);
      assert.deepEqual(sortedFrontier(log, "a"), [
        [1, 600],
        [2, 5],
      ]);
      assert.throws(() => appendMany(log, "a", 1, 600, 1));
      appendMany(log, "a", 1, 601, 1);
      assert.ok(log.lastPosition() > last);
    });

    test("a restarted shard holds what its snapshot holds, and goes on from there", () => {
      appendMany(log, "a", 1, 1, 3);
      appendMany(log, "b", 1, 1, 1);
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("old"));
        writer.putCheckpointPart("a", "incoming", 0, bytesOf("manifest"));
        writer.putCheckpointPart("a", "current", 0, bytesOf("before"));
        writer.putCheckpointPart("a", "current", 1, bytesOf("before too"));
      });
      const last = log.lastPosition();
      const [position, appended] = log.transaction((writer) => {
        const at = writer.restartShard(
          "a",
          new Map([
            [2, 40],
            [1, 2],
          ]),
        );
        writer.promoteCheckpoint("a");
        writer.putPoint("a", 7, bytesOf("new"));
        return [at, writer.append("a", 1, 3, bytesOf("once more"))];
      });
      assert.ok(position > last && appended > position);
      log = subject.reopen?.() ?? log;
      assert.deepEqual(dots(log.read(0)), ["b/1:1", "a/1:3"]);
      assert.deepEqual(sortedFrontier(log, "a"), [
        [1, 3],
        [2, 40],
      ]);
      assert.deepEqual(storedPoints(log, "a"), new Map([[7, "new"]]));
      assert.deepEqual(checkpointOf(log, "a", "current"), [[0, "manifest"]]);
      assert.deepEqual(checkpointOf(log, "a", "incoming"), []);
      appendMany(log, "a", 2, 41, 1);
    });

    test("a restart takes a position also where nothing follows it", () => {
      appendMany(log, "a", 1, 1, 3);
      const position = log.transaction((writer) => writer.restartShard("a", new Map([[1, 9]])));
      log = subject.reopen?.() ?? log;
      assert.equal(log.lastPosition(), position);
      assert.deepEqual(log.shards(), ["a"]);
    });

    test("checkpoints are kept part by part, in two slots, and go with their shard", () => {
      const large = new Uint8Array(300_000).fill(3);
      log.transaction((writer) => {
        writer.putCheckpointPart("a", "current", 0, bytesOf("a"));
        writer.putCheckpointPart("a", "incoming", 2, large);
        writer.putCheckpointPart("a", "incoming", 0, bytesOf("b"));
        writer.putCheckpointPart("a", "incoming", 0, bytesOf("c"));
        writer.dropCheckpoint("b", "current");
      });
      assert.deepEqual(log.checkpointParts("a", "incoming"), [0, 2]);
      assert.deepEqual(log.checkpointPart("a", "incoming", 2), large);
      assert.equal(textOf(log.checkpointPart("a", "incoming", 0) as Uint8Array), "c");
      assert.equal(log.checkpointPart("a", "incoming", 1), undefined);
      assert.equal(log.checkpointPart("b", "current", 0), undefined);
      log = subject.reopen?.() ?? log;
      assert.deepEqual(checkpointOf(log, "a", "current"), [[0, "a"]]);
      log.transaction((writer) => writer.promoteCheckpoint("a"));
      assert.deepEqual(log.checkpointParts("a", "current"), [0, 2]);
      assert.deepEqual(log.checkpointParts("a", "incoming"), []);
      log.transaction((writer) => writer.dropCheckpoint("a", "current"));
      assert.deepEqual(log.checkpointParts("a", "current"), []);
      log.transaction((writer) => {
        writer.putCheckpointPart("a", "current", 0, bytesOf("a"));
        writer.dropShard("a");
      });
      assert.deepEqual(log.checkpointParts("a", "current"), []);
    });

    test("a point's payload is kept under its key, and written once", () => {
      const [first, second] = [log.newPayloadKey("a"), log.newPayloadKey("a")];
      assert.ok(first > 0 && second > first);
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("one"), keyed(first, "first"));
        writer.putPoint("a", 2, bytesOf("two"));
        writer.putPoint("b", 1, bytesOf("of b"), keyed(log.newPayloadKey("b"), "b's"));
      });
      const unchanged = () => assert.fail("it is there already");
      log.transaction((writer) => writer.putPoint("a", 1, bytesOf("one again"), { key: first, bytes: unchanged }));
      assert.equal(storedPoints(log, "a").get(1), "one again");
      const expected = new Map([
        [1, "first"],
        [2, undefined],
      ]);
      assert.deepEqual(storedPayloads(log, "a"), expected);
      assert.equal(payloadOf(log, "a", first), "first");
      assert.equal(payloadOf(log, "b", 1), "b's");
      assert.deepEqual(
        [log.payload("a", second), log.payload("b", 77), log.payload("c", 1)],
        [undefined, undefined, undefined],
      );
      log = subject.reopen?.() ?? log;
      assert.deepEqual(storedPayloads(log, "a"), expected);
    });

    test("keys of payloads are given once, also after a restart and where a transaction has failed", () => {
      const keys: number[] = [];
      const put = (fails: boolean) => {
        const key = log.newPayloadKey("a");
        keys.push(key);
        const run = () =>
          log.transaction((writer) => {
            writer.putPoint("a", 1, bytesOf("x"), keyed(key, String(key)));
            if (fails) throw new Error("taken back");
          });
        if (fails) assert.throws(run);
        else run();
        // nothing may be left by which it could be told that a key was given
        log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 100));
      };
      for (const fails of [false, true, false, true, false]) put(fails);
      log = subject.reopen?.() ?? log;
      put(false);
      log.transaction((writer) => {
        writer.deletePoint("a", 1);
      });
      log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 100));
      log = subject.reopen?.() ?? log;
      for (let i = 0; i < 3; i++) put(false);
      assert.equal(new Set(keys).size, keys.length);
      assert.deepEqual(
        keys,
        [...keys].sort((a, b) => a - b),
      );
    });

    test("a payload that is dropped can be read until its drop is carried out, a bounded number at a time", () => {
      const keys = Array.from({ length: 10 }, () => log.newPayloadKey("a"));
      log.transaction((writer) => {
        for (const [id, key] of keys.entries()) writer.putPoint("a", id, bytesOf("x"), keyed(key, `payload ${id}`));
      });
      assert.equal(log.lastDrop(), 0);
      log.transaction((writer) => {
        for (let id = 0; id < 4; id++) writer.deletePoint("a", id);
      });
      const mark = log.lastDrop();
      const replacement = log.newPayloadKey("a");
      log.transaction((writer) => {
        writer.putPoint("a", 4, bytesOf("y"), keyed(replacement, "another"));
        writer.putPoint("a", 5, bytesOf("y"));
      });
      assert.ok(mark > 0 && log.lastDrop() > mark);
      const left = () => keys.filter((key) => log.payload("a", key) !== undefined).length;
      assert.equal(left(), 10);
      const drop = (upTo: number, limit: number) => log.transaction((writer) => writer.deleteDropped(upTo, limit));
      assert.equal(drop(mark, 3), false);
      assert.equal(left(), 7);
      assert.equal(drop(mark, 3), true);
      assert.equal(left(), 6);
      log = subject.reopen?.() ?? log;
      assert.equal(drop(log.lastDrop(), 100), true);
      assert.equal(left(), 4);
      assert.equal(payloadOf(log, "a", replacement), "another");
      assert.deepEqual(
        [...storedPayloads(log, "a").values()],
        ["another", undefined, "payload 6", "payload 7", "payload 8", "payload 9"],
      );
    });

    test("payloads of a shard that is dropped, restarted or emptied go, and none of those that are put with it", () => {
      const put = (shard: string, ids: readonly number[]) => {
        const keys = ids.map(() => log.newPayloadKey(shard));
        return {
          keys,
          write: (writer: LogWriter) => {
            for (const [i, id] of ids.entries())
              writer.putPoint(shard, id, bytesOf("x"), keyed(keys[i] as number, `${shard} ${keys[i]}`));
          },
        };
      };
      const gone: [string, number][] = [];
      for (const shard of ["a", "b", "c", "d"]) {
        const { keys, write } = put(shard, [1, 2, 3]);
        log.transaction(write);
        if (shard !== "d") gone.push(...keys.map((key): [string, number] => [shard, key]));
      }
      const kept = [put("b", [1, 9]), put("c", [1, 9])] as const;
      log.transaction((writer) => {
        writer.dropShard("a");
        writer.restartShard("b", new Map([[1, 7]]));
        kept[0].write(writer);
        writer.dropPoints("c");
        kept[1].write(writer);
      });
      assert.equal(
        log.transaction((writer) => writer.deleteDropped(log.lastDrop(), 100)),
        true,
      );
      for (const [shard, key] of gone) assert.equal(log.payload(shard, key), undefined, `${shard} ${key}`);
      assert.deepEqual(
        [...storedPayloads(log, "b").values()],
        kept[0].keys.map((key) => `b ${key}`),
      );
      assert.deepEqual(
        [...storedPayloads(log, "c").values()],
        kept[1].keys.map((key) => `c ${key}`),
      );
      assert.deepEqual(
        [...storedPayloads(log, "d").values()],
        [1, 2, 3].map((key) => `d ${key}`),
      );
    });

    test("a transaction that throws leaves payloads and notes as they were", () => {
      const keys = [log.newPayloadKey("a"), log.newPayloadKey("a")] as const;
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("x"), keyed(keys[0], "first"));
        writer.putPoint("a", 2, bytesOf("x"), keyed(keys[1], "second"));
      });
      log.transaction((writer) => writer.deletePoint("a", 2));
      const before = [contents(log), storedPayloads(log, "a"), log.lastDrop(), payloadOf(log, "a", keys[1])];
      const key = log.newPayloadKey("a");
      assert.throws(() =>
        log.transaction((writer) => {
          writer.putPoint("a", 1, bytesOf("x"), keyed(key, "third"));
          writer.deletePoint("a", 1);
          writer.deleteDropped(log.lastDrop(), 100);
          writer.mendPayload("a", { key: keys[0], bytes: bytesOf("mended") });
          writer.dropShard("a");
          throw new Error("taken back");
        }),
      );
      assert.deepEqual([contents(log), storedPayloads(log, "a"), log.lastDrop(), payloadOf(log, "a", keys[1])], before);
      assert.equal(log.payload("a", key), undefined);
      log.transaction((writer) => writer.mendPayload("a", { key: keys[0], bytes: bytesOf("mended") }));
      assert.equal(payloadOf(log, "a", keys[0]), "mended");
    });

    test("settings are kept by name", () => {
      assert.equal(log.setting("replica"), undefined);
      log.transaction((writer) => writer.putSetting("replica", "7"));
      log.transaction((writer) => writer.putSetting("replica", "8"));
      assert.equal(log.setting("replica"), "8");
    });

    test("everything committed is there when the storage is opened again", () => {
      appendMany(log, "a", 1, 1, 10);
      appendMany(log, "b", 2 ** 24 - 1, 1, 1);
      log.transaction((writer) => {
        writer.putPoint("a", 1, bytesOf("state"));
        writer.putSetting("replica", "7");
      });
      const before = contents(log);
      if (subject.reopen === undefined) return;
      log = subject.reopen();
      assert.deepEqual(contents(log), before);
      appendMany(log, "a", 1, 11, 1);
    });
  });
}
