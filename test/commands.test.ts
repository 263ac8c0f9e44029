import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./support/source-tree.js";

const refused: readonly (readonly [script: string, argv: readonly string[], says: RegExp])[] = [
  ["chaos", ["--seed="], /--seed: "" is not an integer from 0/],
  ["chaos", ["--minutes", "NaN"], /--minutes: "NaN" is not a number/],
  ["chaos", ["--minutes", "0"], /--minutes: "0" is not/],
  ["chaos", ["--seed", "1", "--seed", "2"], /--seed is given twice/],
  ["regions", ["--writes=-1"], /--writes: "-1" is not an integer from 1 to 1000/],
  ["regions", ["--seconds", "0x10"], /--seconds: "0x10" is not/],
  ["demo", ["--jsn"], /Unknown option '--jsn'/],
  ["demo", ["words"], /Unexpected argument 'words'/],
  ["build", ["packages/none"], /packages\/none is no folder with a tsconfig\.json/],
];

test("the project's commands refuse what cannot be meant with 2, before they do anything", () => {
  for (const [script, argv, says] of refused) {
    const args = [join(root, `scripts/${script}.mjs`), ...argv];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.deepEqual([status, stdout], [2, ""], `${script} ${argv.join(" ")}: ${stderr}`);
    assert.match(stderr, says);
  }
});
