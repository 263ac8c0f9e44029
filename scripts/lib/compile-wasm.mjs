import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { stamp, unstamp } from "./files.mjs";
import { inRoot } from "./paths.mjs";
import { wasmModules } from "./wasm-modules.mjs";

/**
 * Compiles modules to packages/index/build, as many at a time as there are processors: the compiler has one thread. Usage: compile-wasm.mjs FILE…,
 * each `engine.wasm`, `engine.checked.wasm` and the like. Prints what the compiler says, and ends with 1 when one fails.
 */

const compiler = inRoot("node_modules/assemblyscript/bin/asc.js");
const asked = process.argv.slice(2);
const waiting = wasmModules(["checked", "release"]).filter(({ file }) => asked.includes(file));

function compile({ entry, product, text, flags }) {
  const compiling = spawn(process.execPath, [compiler, entry, "-o", product, "-t", text, ...flags], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    compiling.on("error", reject);
    compiling.on("close", resolve);
  });
}

/** Why every thread may not have an instance of its own over one memory: a data segment would be written again by each of them. */
function dataIn({ text }) {
  const printed = readFileSync(text, "utf8");
  const at = printed.indexOf("(data");
  return at < 0 ? undefined : printed.slice(at).split("\n", 1)[0].slice(0, 200);
}

async function make(module) {
  unstamp(module.stampPath);
  const code = await compile(module);
  if (code !== 0) return code;
  const data = dataIn(module);
  if (data !== undefined) {
    rmSync(module.product);
    process.stderr.write(`${module.file}: it has a data segment: ${data}\nUse no managed objects.\n`);
    return 1;
  }
  stamp(module.stampPath, module.hash);
  return 0;
}

mkdirSync(inRoot("packages/index/build"), { recursive: true });
const lane = async () => {
  for (let module = waiting.shift(); module !== undefined; module = waiting.shift()) {
    if ((await make(module)) !== 0) process.exitCode = 1;
  }
};
await Promise.all(Array.from({ length: availableParallelism() }, lane));
