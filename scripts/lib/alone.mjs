import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { say } from "./terminal.mjs";

const LOOK_EVERY_MS = 200;
/** A lock without a process in it: whoever made it was killed before it could write its id. */
const EMPTY_MS_MAX = 5_000;

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Process that holds the lock; 0 when it holds it no more. */
function holderOf(path) {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    if (pid > 0) return isRunning(pid) ? pid : 0;
    return Date.now() - statSync(path).mtimeMs < EMPTY_MS_MAX ? -1 : 0;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return 0;
  }
}

function take(path) {
  try {
    const file = openSync(path, "wx");
    writeSync(file, `${process.pid}`);
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

/** Runs `work` while no other process installs or compiles in this clone, and waits for one that does. */
export function alone(work, path = inRoot(".cache", "build.lock")) {
  mkdirSync(inRoot(".cache"), { recursive: true });
  let told = false;
  while (!take(path)) {
    const holder = holderOf(path);
    if (holder === 0) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told)
      say(`another process${holder > 0 ? ` (${holder})` : ""} is building here: waiting for it`, { always: true });
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}
