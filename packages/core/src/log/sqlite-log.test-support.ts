import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpLogUnderTest } from "./conformance.js";
import { SqliteOpLog } from "./sqlite-op-log.js";

/** A log in a folder of its own, that can be opened again. */
export function sqliteLogUnderTest(): OpLogUnderTest {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-op-log-"));
  let log = new SqliteOpLog(join(folder, "log.db"));
  return {
    log,
    reopen: () => {
      log.close();
      log = new SqliteOpLog(join(folder, "log.db"));
      return log;
    },
    dispose: () => {
      log.close();
      rmSync(folder, { recursive: true });
    },
  };
}
