import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openLog } from "./log.js";

const folder = mkdtempSync(join(tmpdir(), "murmuration-log-"));
after(() => rmSync(folder, { recursive: true }));

/** What a log writes to a file, without waiting for anything. */
async function written(isTerminal: boolean): Promise<string[]> {
  const file = join(folder, `log-${isTerminal}`);
  const destination = openSync(file, "w");
  const log = await openLog("info", { isTerminal, hasColours: false, destination });
  log.debug("not this");
  log.info({ port: 6333 }, "listening");
  log.error({ err: new Error("a reason") }, "it failed");
  const lines = readFileSync(file, "utf8").trim().split("\n");
  closeSync(destination);
  return lines;
}

describe("the log", () => {
  it("is readable lines in a terminal", async () => {
    const [first = "", second = ""] = await written(true);
    assert.match(first, /^\[\d\d:\d\d:\d\d\] INFO: listening \{"port":6333\}$/);
    assert.match(second, /^\[\d\d:\d\d:\d\d\] ERROR: it failed/);
  });

  it("is a JSON object a line elsewhere", async () => {
    const lines = (await written(false)).map((line) => JSON.parse(line) as { readonly msg: string });
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ["listening", "it failed"],
    );
  });
});
