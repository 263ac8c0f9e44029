import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { pino } from "pino";
import { dataFiles } from "../engine/data-folder.js";
import { backupName } from "./backup-folder.js";
import { Backups, type BackupsOptions } from "./backups.js";
import { failsWith, openWrittenLog, REPLICA_ID, type WrittenLog } from "./backups.test-support.js";
import type { BackupsReport } from "./backups-report.js";
import { clearUnfinished } from "./clear-unfinished.js";

const DEADLINE_MS = 120_000;
const POLL_MS = 10;

describe("the backups of a server", () => {
  let root: string;
  let folder: string;
  let source: WrittenLog;
  let lines: string[];
  let opened: Backups[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "murmuration-backups-"));
    folder = join(root, "a", "backups");
    source = openWrittenLog(join(root, "murmuration.db"));
    source.upsert(0, 10);
    lines = [];
    opened = [];
  });
  afterEach(async () => {
    for (const backups of opened) await backups.close();
    source.log.close();
    rmSync(root, { recursive: true });
  });

  async function open(options: Partial<BackupsOptions> = {}): Promise<Backups> {
    const all: BackupsOptions = {
      logFile: join(root, "murmuration.db"),
      replicaId: REPLICA_ID,
      to: { folder },
      everyMinutes: 0,
      keep: 7,
      log: pino({}, { write: (line: string) => void lines.push(line) }),
    };
    // getters stay getters
    const backups = await Backups.open(Object.defineProperties(all, Object.getOwnPropertyDescriptors(options)));
    opened.push(backups);
    return backups;
  }

  async function until(backups: Backups, condition: (report: BackupsReport) => boolean): Promise<BackupsReport> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const report = await backups.report();
      if (condition(report)) return report;
      assert.ok(performance.now() < deadline, JSON.stringify(report));
      await after(POLL_MS);
    }
  }

  const namesOf = ({ backups }: BackupsReport) => backups.map(({ name }) => name);

  it("are listed, newest first, and removed by name", async () => {
    const backups = await open();
    assert.deepEqual((await backups.report()).backups, []);
    const first = await backups.make();
    source.upsert(10, 20);
    const second = await backups.make();
    assert.notEqual(second.contents.position, first.contents.position);
    const report = await backups.report();
    assert.deepEqual(report.backups, [
      { name: second.name, manifest: second },
      { name: first.name, manifest: first },
    ]);
    assert.equal(report.isRunning, false);
    await backups.remove([second.name]);
    for (const name of [second.name, "../a", "", `${first.name}.json`]) {
      await assert.rejects(backups.remove([name]), failsWith("not-found"));
    }
    assert.deepEqual(readdirSync(folder).sort(), [`${first.name}.db`, `${first.name}.json`]);
    writeFileSync(join(folder, `${first.name}.json`), "{");
    const [damaged] = (await backups.report()).backups;
    assert.match(damaged !== undefined && "problem" in damaged ? damaged.problem : "", /is not JSON/);
  });

  it("are restored in drills, and one that cannot be is told of", async () => {
    const backups = await open({ drillEveryMinutes: 0.0005, drillFolder: join(root, "drill") });
    assert.equal(backups.counts.drills.last, undefined);
    const made = await backups.make();
    const { drills } = await until(backups, (report) => report.drills.last !== undefined);
    assert.equal(drills.last?.result.backup, made.name);
    assert.deepEqual(existsSync(join(root, "drill")) ? readdirSync(join(root, "drill")) : [], []);
    appendFileSync(join(folder, `${made.name}.db`), "x");
    const failed = await until(backups, (report) => report.drills.failures > 0);
    assert.match(failed.drills.lastFailure?.why ?? "", /has \d+ bytes, not \d+/);
    assert.ok(lines.some((line) => /a restore drill failed/.test(line)));
    assert.ok(backups.counts.drills.failures > 0 && backups.counts.lastMs === Date.parse(made.created));
  });

  it("that are removed while they are restored in a drill have not failed", async () => {
    const { name } = await (await open()).make();
    let reads = 0;
    const again = Promise.withResolvers<void>();
    const drilled = await open({
      drillEveryMinutes: 0.0005,
      // read where a drill begins
      get drillFolder() {
        if (reads > 0) again.resolve();
        return join(root, "drill");
      },
      ring: {
        // read where it has found the backup
        get masterKeys() {
          reads++;
          for (const end of ["json", "db"]) rmSync(join(folder, `${name}.${end}`));
          return undefined;
        },
      } as unknown as NonNullable<BackupsOptions["ring"]>,
    });
    await again.promise;
    assert.equal(reads, 1);
    assert.equal(drilled.counts.drills.failures, 0);
  });

  it("leave nothing of a process that ended, whatever options the next one has", async () => {
    const { sending, drill, restoring } = dataFiles(root);
    for (const path of [sending, drill, restoring]) mkdirSync(join(path, "murmuration-x"), { recursive: true });
    await clearUnfinished(root, pino({ level: "silent" }));
    assert.deepEqual([sending, drill, restoring].filter(existsSync), []);
    assert.ok(existsSync(join(root, "murmuration.db")));
  });

  it("leave nothing of a drill behind when the server stops", async () => {
    const drillFolder = join(root, "drill");
    const backups = await open({ drillFolder });
    mkdirSync(join(drillFolder, "murmuration-drill-x"), { recursive: true });
    await backups.close();
    assert.ok(!existsSync(drillFolder));
  });

  it("are made one at a time", async () => {
    const backups = await open();
    const first = backups.make();
    await assert.rejects(backups.make(), failsWith("conflict", /another backup is being made/));
    assert.equal((await backups.report()).isRunning, true);
    await first;
    await backups.make();
    assert.equal((await backups.report()).backups.length, 2);
  });

  it("stay by number, the newest of this replica; those of others are left alone", async () => {
    mkdirSync(folder, { recursive: true });
    const foreign = [`${backupName(1_000, 77)}.json`, `${backupName(2_000, 77)}.db.unfinished`, "notes.txt"];
    for (const file of foreign) writeFileSync(join(folder, file), "");
    // made under a clock that was ahead
    const ahead = backupName(Date.now() + 1_000_000, REPLICA_ID);
    for (const extension of ["db", "json"]) writeFileSync(join(folder, `${ahead}.${extension}`), "");
    const backups = await open({ keep: 2 });
    const made = [await backups.make(), await backups.make(), await backups.make()].map(({ name }) => name);
    assert.deepEqual(made, [...made].sort());
    const kept = made.slice(1).flatMap((name) => [`${name}.db`, `${name}.json`]);
    assert.deepEqual(readdirSync(folder).sort(), [...foreign, ...kept].sort());
  });

  it("that were left unfinished are swept at the start, and finished ones not", async () => {
    const { name } = await (await open()).make();
    const broken = backupName(5_000, REPLICA_ID);
    for (const file of [
      `${broken}.db`,
      `${broken}.json.unfinished`,
      `${name}.db.unfinished`,
      `${name}.db.unfinished-journal`,
    ])
      writeFileSync(join(folder, file), "");
    await open();
    assert.deepEqual(readdirSync(folder).sort(), [`${name}.db`, `${name}.json`]);
    assert.match(lines.join(""), /unfinished backups removed/);
  });

  it("fail with a reason when the folder cannot be written, and work again when it can", async () => {
    writeFileSync(join(root, "a"), "a file where a folder should be");
    const backups = await open();
    await assert.rejects(backups.make(), failsWith("storage", /backup folder/));
    rmSync(join(root, "a"));
    assert.match((await backups.report()).lastFailure?.why ?? "", /backup folder/);
    await backups.make();
    assert.equal((await backups.report()).lastFailure, undefined);
  });

  it("are made on schedule: at once when none is there, and not while the newest is young", async () => {
    const backups = await open({ everyMinutes: 60, settleMs: 0 });
    const report = await until(backups, ({ backups: listed }) => listed.length === 1);
    await backups.close();
    const again = await open({ everyMinutes: 60, settleMs: 0 });
    // one on request shows that none was under way
    const { name } = await again.make();
    assert.deepEqual(namesOf(await again.report()), [name, ...namesOf(report)]);
  });

  it("are broken off when the server stops, and leave nothing behind", async () => {
    const backups = await open();
    const making = backups.make();
    const refused = assert.rejects(making, failsWith("unavailable"));
    await backups.close();
    await refused;
    assert.deepEqual(
      await open()
        .then((next) => next.report())
        .then(namesOf),
      [],
    );
    await assert.rejects(backups.make(), failsWith("unavailable", /stopping/));
  });
});
