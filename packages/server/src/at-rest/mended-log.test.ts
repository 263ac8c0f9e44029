import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { Database } from "../engine/database.js";
import { openDatabase } from "../engine/open-database.js";
import { readsOf } from "../engine/reads.test-support.js";
import { createPlanted, planted, plantedPoints } from "./encrypted-folder.test-support.js";
import { openMended } from "./open-mended.js";

const PAGE_BYTES = 16_384;
const POINTS = 300;
const key: MasterKeys = [randomBytes(32)];

describe("an encrypted log with a page that does not decrypt", () => {
  let folder: string;
  let wanted: string;
  let log: Buffer;
  let lines: string[];
  const at = (name: string) => join(folder, name);

  function open(name: string): Promise<Database> {
    const told = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    return openMended(at(name), key, told, (keysOf) =>
      openDatabase({ dataFolder: at(name), log: told, keysOf: (files) => keysOf(files)?.keys }),
    );
  }

  async function answer(database: Database): Promise<string> {
    const selection = { payload: true, vectors: true };
    return JSON.stringify(await readsOf(database).scroll(planted.collection, { limit: POINTS, selection }));
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-mended-"));
    lines = [];
    const database = await open("whole");
    await database.write(createPlanted());
    for (let from = 0; from < POINTS; from += 50) await database.write(plantedPoints(from, 50));
    wanted = await answer(database);
    await database.close();
    log = readFileSync(at("whole/murmuration.db"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is served but for what stood on it, which is named, or is refused as it is: never is anything answered that was not there", async () => {
    const pages = log.length / PAGE_BYTES;
    assert.ok(pages > 12);
    let [mended, refused, served] = [0, 0, 0];
    for (let page = 1; page < pages; page += 6) {
      lines = [];
      const harmed = Buffer.from(log);
      harmed[page * PAGE_BYTES + 200] = (harmed[page * PAGE_BYTES + 200] as number) ^ 1;
      cpSync(at("whole"), at("harmed"), { recursive: true });
      writeFileSync(at("harmed/murmuration.db"), harmed);
      let database: Database | undefined;
      try {
        database = await open("harmed");
        assert.equal(await answer(database), wanted, `page ${page}`);
        served++;
      } catch (error) {
        if (!(error instanceof MurmurationError)) throw error;
        assert.match(error.code, /^(corrupt|unavailable)$/, `page ${page}: ${error.message}`);
        if (database === undefined) {
          refused++;
          assert.ok(readFileSync(at("harmed/murmuration.db")).equals(harmed), "nothing was changed");
        }
      }
      const isMended = lines.some((line) => line.includes("goes on without the rows"));
      assert.equal(existsSync(at("harmed/murmuration.db.damaged")), isMended);
      if (isMended) mended++;
      await database?.close();
      rmSync(at("harmed"), { recursive: true });
    }
    assert.ok(served > 0 && mended + refused > 0, `${served} served, ${mended} mended, ${refused} refused`);
  });
});
