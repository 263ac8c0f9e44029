import assert from "node:assert/strict";
import { test } from "node:test";
import { failureInWords } from "./failure-in-words.js";

const failure = (code: string, message = `${code}: something, mkdir 'x'`) =>
  Object.assign(new Error(message), { code });

test("what the system refuses is said in words, with its code", () => {
  assert.equal(failureInWords(failure("EROFS")), "it is read-only (EROFS)");
  assert.equal(failureInWords(failure("EACCES")), "this user has no right to write there (EACCES)");
  assert.equal(failureInWords(failure("ENOSPC")), "the disk is full (ENOSPC)");
  assert.equal(failureInWords(failure("EIO", "EIO: i/o error")), "EIO: i/o error");
});

test("a native module made for another Node is named as such", () => {
  const old =
    "The module 'x.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 115.\nmore";
  for (const error of [failure("ERR_DLOPEN_FAILED", old), failure("MODULE_NOT_FOUND", "Cannot find module 'x.node'")]) {
    assert.match(failureInWords(error), /^better-sqlite3 cannot be loaded by Node \d+.* remove node_modules/);
    assert.ok(!failureInWords(error).includes("\n"));
  }
});
