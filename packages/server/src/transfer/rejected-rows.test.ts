import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { RejectedRows } from "./rejected-rows.js";
import { TransferFolder } from "./transfers.test-support.js";

describe("the file of wrong rows, in an import that goes on", () => {
  const folder = new TransferFolder();
  after(() => folder.remove());

  // `bytes`: that the state tells of
  for (const [what, before, bytes, kept] of [
    ["is gone on with behind what was told of", "told\nnot told\n", 5, "told\n"],
    ["is begun again where somebody has taken it away", undefined, 5, ""],
    ["has no gap where its end was lost", "to", 5, "to"],
  ] as const) {
    test(what, () => {
      const path = folder.file(`${what}.ndjson`, before);
      const rows = new RejectedRows(path, bytes);
      rows.add([{ place: "row 7", field: undefined, reason: "wrong", row: "x" }]);
      rows.close();
      assert.equal(readFileSync(path, "utf8"), `${kept}{"place":"row 7","reason":"wrong","row":"x"}\n`);
    });
  }
});
