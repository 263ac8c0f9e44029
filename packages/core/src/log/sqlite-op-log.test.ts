import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type ErrorCode, MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";
import { limits } from "../limits.js";
import { opLogConformance } from "./conformance.js";
import { makeOlder, registersOf, wholeStateOf } from "./older-log.test-support.js";
import { sqliteLogUnderTest } from "./sqlite-log.test-support.js";
import { SqliteOpLog } from "./sqlite-op-log.js";
import { logSchemaVersion } from "./sqlite-schema.js";

const makeFolder = () => mkdtempSync(join(tmpdir(), "murmuration-log-"));
const failsWith =
  (code: ErrorCode, message = /./) =>
  (error: unknown) =>
    error instanceof MurmurationError && error.code === code && message.test(error.message);

opLogConformance("SqliteOpLog", sqliteLogUnderTest);

describe("SqliteOpLog", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = makeFolder();
    file = join(folder, "log.db");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const body = new Uint8Array(600).fill(7);
  function fill(log: SqliteOpLog, first: number, count: number): void {
    log.transaction((writer) => {
      for (let at = 0; at < count; at += 1) writer.append("a", 1, first + at, body);
    });
  }

  test("a full disk refuses the write whole, reading goes on, and writing works again when there is room", () => {
    const log = new SqliteOpLog(file, { pagesMax: 180 });
    fill(log, 1, 100);
    const frontier = log.frontier("a");
    const position = log.lastPosition();
    assert.throws(() => fill(log, 101, 1000), failsWith("storage", /SQLITE_FULL/));
    assert.deepEqual(log.frontier("a"), frontier);
    assert.equal(log.lastPosition(), position);
    assert.equal([...log.read(0)].length, 100);
    log.limitPages(10_000);
    fill(log, 101, 1000);
    assert.deepEqual(log.frontier("a"), new Map([[1, 1100]]));
    assert.equal([...log.read(0)].length, 1100);
    log.close();
  });

  test("a second connection reads what the first commits, and cannot write", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 10);
    const reader = new SqliteOpLog(file, { readOnly: true });
    assert.deepEqual(reader.frontier("a"), new Map([[1, 10]]));
    log.transaction((writer) => {
      writer.append("b", 2, 1, body);
      assert.deepEqual(reader.shards(), ["a"]);
    });
    assert.deepEqual(reader.shards(), ["a", "b"]);
    assert.equal(reader.lastPosition(), 11);
    assert.equal([...reader.read(10)].length, 1);
    assert.throws(() => reader.transaction(() => {}), failsWith("storage", /reading only/));
    reader.close();
    log.close();
  });

  test("a copy holds what is committed when it is made, while the writer goes on", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 300);
    log.transaction((writer) => {
      writer.putPoint("a", 7, body);
      writer.putSetting("s", "t");
    });
    const reader = new SqliteOpLog(file, { readOnly: true });
    const copy = join(folder, "copy.db");
    log.transaction((writer) => {
      writer.append("a", 1, 301, body);
      reader.copyTo(copy);
    });
    fill(log, 302, 10);
    const copied = new SqliteOpLog(copy, { readOnly: true });
    assert.deepEqual([...copied.read(0)], [...log.read(0, { limit: 300 })]);
    assert.deepEqual(copied.frontier("a"), new Map([[1, 300]]));
    assert.deepEqual([...copied.points("a")], [...log.points("a")]);
    assert.equal(copied.setting("s"), "t");
    copied.close();
    const bytes = readFileSync(copy);
    assert.throws(() => reader.copyTo(copy), failsWith("storage", /already exists/));
    assert.deepEqual(readFileSync(copy), bytes);
    assert.throws(() => reader.copyTo(join(folder, "missing", "copy.db")), failsWith("storage"));
    reader.close();
    log.close();
  });

  test("a crash keeps every committed transaction and nothing of the open one", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 10);
    const copy = join(folder, "crashed.db");
    log.transaction((writer) => {
      writer.append("a", 1, 11, body);
      // What a killed process leaves behind are the files as they are at that moment.
      copyFileSync(file, copy);
      copyFileSync(`${file}-wal`, `${copy}-wal`);
    });
    const crashed = new SqliteOpLog(copy);
    assert.deepEqual(crashed.frontier("a"), new Map([[1, 10]]));
    fill(crashed, 11, 1);
    crashed.close();
    log.close();
  });

  test("a file that is no database is refused", () => {
    writeFileSync(file, "This is a text, long enough to be taken for the header of a database file. ".repeat(20));
    assert.throws(() => new SqliteOpLog(file), failsWith("corrupt"));
  });

  test("a database of someone else is refused and left as it is", () => {
    const other = new Database(file);
    other.exec("CREATE TABLE customers (id INTEGER)");
    other.close();
    assert.throws(() => new SqliteOpLog(file), failsWith("corrupt", /not a Murmuration log/));
    const again = new Database(file);
    assert.deepEqual(again.prepare("SELECT name FROM sqlite_master").pluck().all(), ["customers"]);
    again.close();
  });

  test("a log of a newer version is refused", () => {
    new SqliteOpLog(file).close();
    const database = new Database(file);
    database.pragma("user_version = 99");
    database.close();
    assert.throws(() => new SqliteOpLog(file), failsWith("corrupt", /newer version/));
  });

  test("a log of the version before checkpoints is brought to this one, with all that it holds", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 10);
    log.close();
    makeOlder(file, 1);
    assert.throws(() => new SqliteOpLog(file, { readOnly: true }), failsWith("corrupt"));
    const migrated = new SqliteOpLog(file);
    assert.equal([...migrated.read(0)].length, 10);
    migrated.transaction((writer) => writer.putCheckpointPart("a", "current", 0, body));
    migrated.close();
    const again = new SqliteOpLog(file, { readOnly: true });
    assert.deepEqual(again.checkpointPart("a", "current", 0), body);
    again.close();
  });

  test("a log of the version before checksums of points is read as it is, and gets them when it is opened for writing", () => {
    const log = new SqliteOpLog(file);
    const state = registersOf(1);
    const payload = { key: log.newPayloadKey("a"), bytes: new TextEncoder().encode('{"n":1}') };
    log.transaction((writer) => writer.putPoint("a", 7, state, { key: payload.key, bytes: () => payload.bytes }));
    log.close();
    makeOlder(file, 2);
    const before = [{ id: 7, state: wholeStateOf(state, payload.bytes) }];
    for (const [readOnly, points] of [
      [true, before],
      [false, [{ id: 7, state, payload }]],
      [true, [{ id: 7, state, payload }]],
    ] as const) {
      const opened = new SqliteOpLog(file, { readOnly });
      assert.deepEqual([...opened.points("a")], points);
      opened.close();
    }
  });

  test("a log of the version before checksums of settings is read as it is, and gets them when it is opened for writing", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      writer.append("a", 1, 1, body);
      writer.putSetting("replica.id", "7");
      writer.putSetting("causality.a", "{}");
    });
    log.close();
    makeOlder(file, 3);
    const database = new Database(file);
    // the sum of a shard without points was not written
    database.exec("DELETE FROM settings WHERE name = 'log.points.1'");
    database.close();
    for (const readOnly of [true, false, true]) {
      const opened = new SqliteOpLog(file, { readOnly });
      assert.equal(opened.setting("replica.id"), "7");
      assert.equal(opened.setting("causality.a"), "{}");
      assert.deepEqual([...opened.frontier("a")], [[1, 1]]);
      assert.deepEqual([...opened.points("a")], []);
      opened.close();
    }
  });

  test("a log of the version before checksums of places is read as it is, and gets them when it is opened for writing; damage stays", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 10);
    log.close();
    makeOlder(file, 4);
    const older = new Database(file);
    older.exec("UPDATE operations SET bytes = zeroblob(600) WHERE sequence = 7");
    older.close();
    for (const readOnly of [true, false, true]) {
      const opened = new SqliteOpLog(file, { readOnly });
      const damaged: number[] = [];
      const read = [...opened.read(0, { onDamaged: ({ sequence }) => damaged.push(sequence) })];
      assert.deepEqual([read.length, damaged], [9, [7]]);
      opened.close();
    }
    const database = new Database(file);
    assert.equal(database.pragma("user_version", { simple: true }), logSchemaVersion);
    database.close();
  });

  test("a setting of the whole log that is damaged, lost or what it once was is refused, with the file and the row", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => writer.putSetting("replica.clock", "1:0"));
    const database = new Database(file);
    const keep = database.prepare("SELECT value, checksum FROM settings WHERE name = 'replica.clock'").raw();
    const [value, checksum] = keep.get() as [string, number];
    log.transaction((writer) => {
      writer.putSetting("replica.clock", "2:0");
      writer.putSetting("replica.id", "7");
    });
    log.close();
    const damages = [
      [
        "UPDATE settings SET value = '3:0' WHERE name = 'replica.clock'",
        /log\.db\.damaged: the row "replica\.clock" of table settings/,
      ],
      ["UPDATE settings SET checksum = 1 WHERE name = 'replica.clock'", /the row "replica\.clock" of table settings/],
      [
        "UPDATE settings SET name = 'replica.cloak' WHERE name = 'replica.clock'",
        /the row "replica\.cloak" of table settings/,
      ],
      ["UPDATE settings SET value = '3:0' WHERE name = 'log.settings'", /the row "log\.settings" of table settings/],
      ["DELETE FROM settings WHERE name = 'replica.id'", /rows of table settings are lost/],
      ["DELETE FROM settings WHERE name = 'log.settings'", /rows of table settings are lost/],
      [`UPDATE settings SET value = '${value}', checksum = ${checksum} WHERE name = 'replica.clock'`, /once were/],
    ] as const;
    for (const [damage, message] of damages) {
      const copy = `${file}.damaged`;
      rmSync(copy, { force: true });
      database.prepare("VACUUM INTO ?").run(copy);
      const damaged = new Database(copy);
      damaged.exec(damage);
      damaged.close();
      for (const readOnly of [true, false]) {
        assert.throws(() => new SqliteOpLog(copy, { readOnly }), failsWith("corrupt", message), damage);
      }
    }
    database.close();
  });

  test("a setting of one shard, a frontier and a sum of points that are damaged are not believed, and stop no other", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      for (const shard of ["a", "b"]) {
        writer.append(shard, 1, 1, body);
        writer.putPoint(shard, 7, body);
        writer.putSetting(`causality.${shard}`, "{}");
      }
    });
    log.close();
    const database = new Database(file);
    database.exec("UPDATE settings SET value = '{ }' WHERE name = 'causality.a'");
    database.exec("UPDATE frontiers SET sequence = 2 WHERE shard = 1");
    database.exec("DELETE FROM settings WHERE name = 'log.points.1'");
    database.close();
    const damaged = new SqliteOpLog(file);
    assert.throws(() => damaged.setting("causality.a"), failsWith("corrupt", /"causality\.a" of table settings/));
    assert.throws(() => [...damaged.points("a")], failsWith("corrupt", /points of shard a are lost/));
    assert.deepEqual([...damaged.frontier("a")], []);
    assert.equal(damaged.setting("causality.b"), "{}");
    assert.equal([...damaged.points("b")].length, 1);
    assert.deepEqual([...damaged.frontier("b")], [[1, 1]]);
    damaged.close();
  });

  test("a point that is lost, and one that is what it once was, are noticed when all were read", () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const damages = [
      "DELETE FROM points WHERE id = x'0000000000000007'",
      "UPDATE points SET shard = 9 WHERE id = x'0000000000000007'",
      // a row of before, with the checksum of before
      "UPDATE points SET (state, checksum) = (SELECT state, checksum FROM kept) WHERE id = x'0000000000000007'",
    ];
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      for (const id of [6, 7, 8]) writer.putPoint("a", id, text(`first ${id}`));
    });
    const database = new Database(file);
    database.exec("CREATE TEMP TABLE kept AS SELECT state, checksum FROM points WHERE id = x'0000000000000007'");
    for (const damage of damages) {
      log.transaction((writer) => {
        writer.dropPoints("a");
        for (const id of [6, 7, 8]) writer.putPoint("a", id, text(`second ${id}`));
        writer.deletePoint("a", 8);
        writer.deletePoint("a", 9);
      });
      assert.equal([...log.points("a")].length, 2);
      database.exec(damage);
      assert.throws(
        () => [...log.points("a")],
        failsWith("corrupt", /points of shard a are lost, or are what they once/),
      );
    }
    database.close();
    log.close();
    // across a start too
    const again = new SqliteOpLog(file);
    assert.throws(() => [...again.points("a")], failsWith("corrupt", /lost/));
    again.close();
  });

  test("a failed transaction leaves what points add up to as it was", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => writer.putPoint("a", 1, body));
    const fail = () =>
      log.transaction((writer) => {
        writer.putPoint("a", 2, body);
        writer.deletePoint("a", 1);
        throw new MurmurationError("wrong-input", "no");
      });
    assert.throws(fail, failsWith("wrong-input"));
    assert.deepEqual([...log.points("a")], [{ id: 1, state: body }]);
    log.close();
  });

  test("a shard whose key is damaged gets it back from the rows that have no name", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      writer.append("a", 1, 1, body);
      writer.append("b", 1, 1, body);
      writer.putPoint("a", 7, body);
    });
    log.close();
    const database = new Database(file);
    database.exec("UPDATE shards SET key = 66 WHERE name = 'a'");
    database.close();
    const mended = new SqliteOpLog(file);
    assert.deepEqual([...mended.read(0, { shard: "a" })].length, 1);
    assert.deepEqual([...mended.points("a")], [{ id: 7, state: body }]);
    assert.deepEqual([...mended.frontier("a")], [[1, 1]]);
    mended.close();
  });

  test("a flipped bit in a point, and a row under another key, are noticed when they are read", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      writer.putPoint("a", 7, new TextEncoder().encode("1234"));
      writer.putPoint("b", 8, body);
    });
    log.close();
    const damages = [
      "UPDATE points SET state = CAST('9234' AS BLOB) WHERE shard = 1",
      "UPDATE points SET shard = 3 - shard",
    ];
    for (const damage of damages) {
      const database = new Database(file);
      database.exec(damage);
      database.close();
      const damaged = new SqliteOpLog(file);
      assert.throws(() => [...damaged.points("a")], failsWith("corrupt", /a point of shard a is damaged/));
      damaged.close();
    }
  });

  test("a flipped bit in a checkpoint is noticed when it is read", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) =>
      writer.putCheckpointPart("a", "current", 0, new TextEncoder().encode("a part that can be found in the file")),
    );
    log.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("a part that can be found");
    assert.ok(at > 0);
    bytes[at + 4] = (bytes[at + 4] as number) ^ 1;
    writeFileSync(file, bytes);
    const damaged = new SqliteOpLog(file);
    assert.throws(() => damaged.checkpointPart("a", "current", 0), failsWith("corrupt", /part 0 .* damaged/));
    damaged.close();
  });

  test("a payload that is lost, swapped, rotten or of another key is noticed where it is read, and named when rows are looked through", () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const make = () => {
      for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
      const log = new SqliteOpLog(file);
      log.transaction((writer) => {
        for (const [shard, id] of [
          ["a", 1],
          ["a", 2],
          ["b", 1],
        ] as const) {
          writer.putPoint(shard, id, body, {
            key: log.newPayloadKey(shard),
            bytes: () => text(`{"of":"${shard}${id}"}`),
          });
        }
      });
      log.transaction((writer) =>
        writer.putPoint("b", 2, body, { key: log.newPayloadKey("b"), bytes: () => text("{}") }),
      );
      log.transaction((writer) => writer.deletePoint("b", 2));
      log.close();
    };
    const at = (shard: number, key: number) => `(${shard} << 40 | ${key})`;
    const swap = (one: string, other: string) =>
      `UPDATE payloads SET place = 0 WHERE place = ${one}; UPDATE payloads SET place = ${one} WHERE place = ${other};
       UPDATE payloads SET place = ${other} WHERE place = 0`;
    const damages = [
      [`DELETE FROM payloads WHERE place = ${at(1, 1)}`, /payload of point 1 of shard a is lost/],
      [`UPDATE payloads SET bytes = x'7b7d' WHERE place = ${at(1, 1)}`, /payload 1 of the shard of key 1 is damaged/],
      [
        `UPDATE payloads SET place = ${at(1, 7)} WHERE place = ${at(1, 1)}`,
        /payload 7 of the shard of key 1 is damaged/,
      ],
      [swap(at(1, 1), at(1, 2)), /payload 1 of the shard of key 1 is damaged/],
      [swap(at(1, 1), at(2, 1)), /payload 1 of the shard of key 2 is damaged/],
      ["UPDATE points SET payload = 2 WHERE shard = 1 AND id = x'0000000000000001'", /a point of shard a is damaged/],
    ] as const;
    for (const [damage, named] of damages) {
      make();
      const database = new Database(file);
      database.exec(damage);
      database.close();
      const damaged = new SqliteOpLog(file);
      assert.throws(() => [...damaged.points("a")], failsWith("corrupt", /shard a/), damage);
      assert.match(damaged.damagedRows().join(), named);
      damaged.close();
    }
    make();
    const database = new Database(file);
    database.exec("UPDATE dropped_payloads SET last = 9, first = 1");
    database.close();
    const damaged = new SqliteOpLog(file);
    assert.match(damaged.damagedRows().join(), /row 1 of table dropped_payloads is damaged/);
    // a note that is damaged deletes nothing
    assert.equal(
      damaged.transaction((writer) => writer.deleteDropped(damaged.lastDrop(), 100)),
      true,
    );
    assert.equal([...damaged.points("b")].length, 1);
    assert.deepEqual(damaged.damagedRows(), ["1 payloads are there that no point has"]);
    damaged.close();
  });

  test("no key is given again where the note of the last one is damaged, lost or what it once was", () => {
    const put = (log: SqliteOpLog) => {
      const key = log.newPayloadKey("a");
      log.transaction((writer) => writer.putPoint("a", key, body, { key, bytes: () => body }));
      return key;
    };
    for (const damage of [
      "DELETE FROM settings WHERE name = 'log.payloads.1'",
      "UPDATE settings SET value = '1' WHERE name = 'log.payloads.1'",
      "UPDATE settings SET (value, checksum) = (SELECT value, checksum FROM kept) WHERE name = 'log.payloads.1'",
    ]) {
      for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
      const keys: number[] = [];
      new SqliteOpLog(file).close();
      for (let start = 0; start < 4; start++) {
        const log = new SqliteOpLog(file);
        keys.push(put(log), put(log));
        log.close();
        const database = new Database(file);
        if (start === 0) database.exec("CREATE TABLE kept AS SELECT * FROM settings WHERE name = 'log.payloads.1'");
        else if (start === 2) database.exec(damage);
        database.close();
      }
      assert.equal(new Set(keys).size, keys.length, damage);
      const log = new SqliteOpLog(file);
      assert.equal([...log.points("a")].length, keys.length);
      log.close();
    }
  });

  test("points are brought over in commits of their own, and gone on with where that ended", () => {
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const log = new SqliteOpLog(file);
    const points = 2 * limits.pointsBroughtOverPerCommit + 10;
    log.transaction((writer) => {
      writer.append("a", 1, 1, body);
      for (let id = 0; id < points; id++) {
        const payload = { key: log.newPayloadKey("a"), bytes: () => text({ id, big: 1 }) };
        writer.putPoint("a", id, registersOf(id + 1), id % 7 === 0 ? undefined : payload);
      }
    });
    const before = [...log.points("a")].map(({ id, state, payload }) => [id, state, payload?.bytes]);
    log.close();
    makeOlder(file, 5);
    const end = new Error("the process ends");
    const told: number[] = [];
    for (let starts = 0; ; starts++) {
      try {
        new SqliteOpLog(file, {
          onBroughtOver: (done, of) => {
            told.push(of);
            if (done > 0 && starts < 2) throw end;
          },
        }).close();
        break;
      } catch (error) {
        assert.equal(error, end);
        assert.throws(() => new SqliteOpLog(file, { readOnly: true }), failsWith("corrupt", /the next start finishes/));
      }
    }
    assert.deepEqual([...new Set(told)], [points, points - 1_000, points - 2_000]);
    const over = new SqliteOpLog(file);
    assert.deepEqual(
      [...over.points("a")].map(({ id, state, payload }) => [id, state, payload?.bytes]),
      before,
    );
    assert.deepEqual(over.damagedRows(), []);
    assert.ok(over.newPayloadKey("a") > points - Math.ceil(points / 7));
    over.close();
  });

  test("a point of before that is damaged, or lost, makes its shard one whose points are lost; others are brought over", () => {
    for (const damage of [
      "UPDATE points SET state = x'c1' WHERE shard = 1 AND id = x'0000000000000001'",
      "DELETE FROM points WHERE shard = 1 AND id = x'0000000000000001'",
      "UPDATE settings SET value = '2:2' WHERE name = 'log.points.1'",
    ]) {
      for (const rest of ["", "-wal", "-shm"]) rmSync(file + rest, { force: true });
      const log = new SqliteOpLog(file);
      log.transaction((writer) => {
        for (const shard of ["a", "b"]) for (const id of [1, 2]) writer.putPoint(shard, id, registersOf(id));
      });
      log.close();
      makeOlder(file, 5);
      const database = new Database(file);
      database.exec(damage);
      database.close();
      for (let start = 0; start < 2; start++) {
        const over = new SqliteOpLog(file);
        assert.throws(() => [...over.points("a")], failsWith("corrupt", /points of shard a are lost/), damage);
        assert.equal([...over.points("b")].length, 2);
        over.close();
      }
    }
  });

  test("a log without one of its tables is refused", () => {
    new SqliteOpLog(file).close();
    const database = new Database(file);
    database.exec("DROP TABLE points");
    database.close();
    assert.throws(() => new SqliteOpLog(file), failsWith("corrupt", /damaged/));
  });

  test("a flipped bit in an operation is noticed when it is read", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) =>
      writer.append("a", 1, 1, new TextEncoder().encode("a body that can be found in the file")),
    );
    log.close();
    const bytes = readFileSync(file);
    const at = bytes.indexOf("a body that can be found");
    assert.ok(at > 0);
    bytes[at + 4] = (bytes[at + 4] as number) ^ 1;
    writeFileSync(file, bytes);
    const damaged = new SqliteOpLog(file);
    assert.throws(() => [...damaged.read(0)], failsWith("corrupt", /checksum/));
    damaged.close();
  });

  test("an operation that stands in the place of another is noticed when it is read", () => {
    const log = new SqliteOpLog(file);
    log.transaction((writer) => {
      for (const [shard, origin] of [
        ["a", 1],
        ["a", 2],
        ["b", 3],
      ] as const) {
        writer.append(shard, origin, 1, new TextEncoder().encode(`${shard} of ${origin}`));
      }
    });
    log.close();
    const whole = readFileSync(file);
    const ofFirst = (column: string) => `${column} = (SELECT ${column} FROM operations WHERE position = 1)`;
    const damages = [
      `${ofFirst("bytes")}, ${ofFirst("checksum")}`,
      "position = 4",
      "shard = 1",
      "origin = 4",
      "sequence = 2",
    ];
    for (const damage of damages) {
      writeFileSync(file, whole);
      const database = new Database(file);
      database.exec(`UPDATE operations SET ${damage} WHERE position = 3`);
      database.close();
      const damaged = new SqliteOpLog(file);
      const named: string[] = [];
      const read = [...damaged.read(0, { onDamaged: (_, { message }) => named.push(message) })];
      assert.deepEqual([read.length, named.length], [2, 1], damage);
      damaged.close();
    }
  });

  test("a damaged page is an error of its own kind", () => {
    const log = new SqliteOpLog(file);
    fill(log, 1, 500);
    log.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096 * 8, bytes.byteLength);
    writeFileSync(file, bytes);
    assert.throws(() => {
      const damaged = new SqliteOpLog(file);
      try {
        return [...damaged.read(0)];
      } finally {
        damaged.close();
      }
    }, failsWith("corrupt"));
  });

  test("a file that cannot be opened is a storage error", () => {
    assert.throws(() => new SqliteOpLog(join(folder, "missing", "log.db")), failsWith("storage"));
    assert.throws(() => new SqliteOpLog(file, { readOnly: true }), failsWith("storage"));
    assert.throws(() => new SqliteOpLog(folder), failsWith("storage"));
  });

  test("the file is kept in write-ahead mode", () => {
    const log = new SqliteOpLog(file);
    log.close();
    const database = new Database(file);
    assert.equal(database.pragma("journal_mode", { simple: true }), "wal");
    database.close();
  });
});
