import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./paths.mjs";
import { pythonWith } from "./python.mjs";
import { runStep, StepFailed } from "./run-step.mjs";

/** The npm package brings the server as a native module for this system (51 MB). */
const NPM_VERSION = "3.5.0";
/** The same server in the package for Python (65 MB), which also older systems can load: without what that one depends on. */
const PYTHON_VERSION = "1.5.9";
const PYTHON_START = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma'] + sys.argv[1:])";

const isRunning = ([program, ...args]) => spawnSync(program, [...args, "--help"], { stdio: "ignore" }).status === 0;

function fromNpm(folder) {
  mkdirSync(folder, { recursive: true });
  const manifest = { name: "murmuration-chroma", private: true, dependencies: { chromadb: NPM_VERSION } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts", "--prefer-offline", "--loglevel=error", "--no-audit", "--no-fund"];
  runStep("fetching Chroma", "npm", ["install", ...flags], { cwd: folder, isAnnounced: true });
  return [process.execPath, join(folder, "node_modules/chromadb/dist/cli.mjs")];
}

function fromPython(folder) {
  const python = pythonWith(folder, `chromadb==${PYTHON_VERSION}`, ["--no-deps"]);
  return [python, "-c", PYTHON_START];
}

/** The command that runs Chroma: program and arguments, to be followed by `run --path …`. Fetched once into the cache; throws `StepFailed` where none runs here. */
export function ensureChromaServer() {
  const folder = join(cacheFolder, "clients");
  const failures = [];
  for (const [name, fetch] of [
    ["chroma", fromNpm],
    ["chroma-python", fromPython],
  ]) {
    try {
      const command = fetch(join(folder, name));
      if (isRunning(command)) return command;
      failures.push(`${name}: it was fetched and does not run on this system`);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  throw new StepFailed("finding Chroma", `${failures.join("\n")}\n`, 1);
}
