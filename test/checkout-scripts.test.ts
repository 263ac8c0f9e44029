import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { newFolder, removeFolder } from "./support/server.js";
import { root } from "./support/source-tree.js";

const folder = newFolder("checkout scripts");
after(() => removeFolder(folder));

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function writeProgram(path: string, lines: string): void {
  write(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
}

/** What `scripts/node.sh` chooses where the machine's node says that it is this version: "own", or "fetched". */
function chosenNode(version: string): string {
  const at = join(folder, version);
  cpSync(join(root, "scripts/node.sh"), join(at, "scripts/node.sh"));
  const runtime = join(at, "scripts/runtime/node-24");
  write(join(runtime, "package-lock.json"), "{}");
  write(join(runtime, "node_modules/.fetched"), "{}");
  writeProgram(join(runtime, "node_modules/node-any/bin/node"), "echo fetched");
  const asked = `"${process.execPath}" -p "const process = { versions: { node: '${version}' } }; $2"`;
  writeProgram(join(at, "bin/node"), `if [ "$1" = -p ]; then exec ${asked}; fi\necho own`);
  const env = { ...process.env, PATH: `${join(at, "bin")}:${process.env["PATH"]}`, MURMURATION_NODE: "" };
  const { stdout, stderr } = spawnSync("sh", [join(at, "scripts/node.sh"), "x.mjs"], { encoding: "utf8", env });
  return stdout.trim() || stderr;
}

test("the machine's own node is taken where it has what the server needs, else the fetched one", () => {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines: { node: string } };
  assert.equal(engines.node, "^22.15 || >=23.8", "what node.sh compares with");
  const chosen = { own: ["22.15.0", "23.8.0", "24.0.0", "30.1.2"], fetched: ["8.17.0", "22.14.9", "22.9.0", "23.7.1"] };
  for (const [which, versions] of Object.entries(chosen))
    for (const version of versions) assert.equal(chosenNode(version), which, version);
});

test("every node that can be fetched is new enough", () => {
  for (const [major, minorMin] of [
    [22, 15],
    [24, 0],
  ] as const) {
    const file = join(root, `scripts/runtime/node-${major}/package.json`);
    const { optionalDependencies } = JSON.parse(readFileSync(file, "utf8")) as {
      optionalDependencies: Record<string, string>;
    };
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const [own = 0, minor = 0] = version.split(".").map(Number);
      assert.ok(own === major && minor >= minorMin, `${name} ${version}`);
    }
  }
});

test("where no browser can be had, the tests run all the same, and the last line is theirs", () => {
  const at = join(folder, "ci");
  cpSync(join(root, ".ci/run"), join(at, ".ci/run"));
  writeProgram(join(at, "bin/npm"), '[ "$1" = test ] || exit 1\necho "3 passed, 0 failed"');
  const env = { ...process.env, PATH: `${join(at, "bin")}:${process.env["PATH"]}` };
  const { status, stdout, stderr } = spawnSync("bash", [join(at, ".ci/run")], { encoding: "utf8", env });
  assert.deepEqual([status, stdout], [0, "3 passed, 0 failed\n"]);
  assert.match(stderr, /no browser/);
});

test("the server is bundled wherever the checkout lies", () => {
  const at = join(folder, "testing/node_modules/checkout");
  for (const name of ["bundle-server", "files", "paths"])
    cpSync(join(root, `scripts/lib/${name}.mjs`), join(at, `scripts/lib/${name}.mjs`));
  symlinkSync(join(root, "node_modules"), join(at, "node_modules"));
  const source = join(at, "packages/server/dist");
  const beside = (name: string) => `new URL("./${name}", import.meta.url)`;
  write(join(source, "cli.js"), `console.log(${beside("work/thread.js")}, ${beside("kernel.wasm")});\n`);
  write(join(source, "work/thread.js"), "console.log(1);\n");
  write(join(source, "testing/own.js"), `console.log(${beside("other.js")});\n`);
  const bundled = spawnSync(process.execPath, [join(at, "scripts/lib/bundle-server.mjs"), "checked"], {
    encoding: "utf8",
  });
  assert.equal(bundled.status, 0, bundled.stderr);
  const text = readFileSync(join(at, "packages/server/bundle/checked/cli.js"), "utf8");
  assert.match(text, /new URL\("\.\/work-thread\.js", import\.meta\.url\)/);
  assert.match(text, /new URL\("\.\.\/\.\.\/dist\/kernel\.wasm", import\.meta\.url\)/);
});
