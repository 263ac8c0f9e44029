import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { alone } from "./alone.mjs";
import { contentHash, filesBelow, isStamped, productsBelow, stamp, unstamp } from "./files.mjs";
import { inRoot, root } from "./paths.mjs";
import { RELEASED, writeRelease } from "./release.mjs";
import { runStep, StepFailed } from "./run-step.mjs";
import { wasmModules } from "./wasm-modules.mjs";

const PROJECTS = [
  "packages/index",
  "packages/core",
  "packages/dashboard",
  "packages/server",
  "packages/sim",
  "test",
  "bench",
];

/** The steps of a first start take half a minute: they are named also where nobody has a terminal. */
const STEP = { isAnnounced: true };

const toolPath = (...parts) => inRoot("node_modules", ...parts);

/** Whether node_modules already holds what the lock file names: true after an `npm install` by hand. */
function isInstalled(lockPath) {
  const installedPath = toolPath(".package-lock.json");
  if (!existsSync(installedPath) || !existsSync(toolPath(".bin", "murmur"))) return false;
  const installed = JSON.parse(readFileSync(installedPath, "utf8")).packages;
  return Object.entries(JSON.parse(readFileSync(lockPath, "utf8")).packages).every(
    ([path, wanted]) =>
      !path.startsWith("node_modules/") || wanted.optional || installed[path]?.version === wanted.version,
  );
}

const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

/** Has npm install what a manifest names; says what to do when the registry is out of reach. */
function npmInstall(command) {
  const label = "installing the dependencies";
  // Without the caller's log level: a quiet `npm test` must still show why an install fails.
  // No package's install script: what the product and its tests load brings its binaries with it (see `compileNative`).
  const patience = ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"];
  const flags = [...patience, "--ignore-scripts", "--prefer-offline", "--loglevel=error", "--no-audit", "--no-fund"];
  try {
    runStep(label, "npm", [command, ...flags], STEP);
  } catch (error) {
    if (!(error instanceof StepFailed) || !UNREACHABLE.test(error.message)) throw error;
    const advice =
      "The npm registry is out of reach: connect, or name another one (npm config set registry URL), and run it again.";
    throw new StepFailed(label, `${error.output.trimEnd()}\n${advice}\n`, error.exitCode);
  }
}

/** Installs the dependencies when they are missing or the lock file names others. */
function dependencies() {
  const lockPath = inRoot("package-lock.json");
  const stampPath = toolPath(".murmuration-install");
  if (!existsSync(lockPath)) {
    return { isDone: () => existsSync(toolPath(".package-lock.json")), run: () => npmInstall("install") };
  }
  const hash = contentHash([lockPath]);
  return {
    isDone: () => isStamped(stampPath, hash),
    run: () => {
      if (!isInstalled(lockPath)) npmInstall("ci");
      stamp(stampPath, hash);
    },
  };
}

/** Compiles the native packages that have no binary inside, and that only benchmarks load. Needs a C++ toolchain. */
export function compileNative() {
  for (const name of ["hnswlib-node"]) {
    const isDone = () => existsSync(toolPath(name, "build", "Release"));
    if (isDone()) continue;
    alone(() => isDone() || runStep(`compiling ${name}`, "npm", ["rebuild", name, "--loglevel=error"], STEP));
  }
}

/** Compiles the WebAssembly modules of these kinds whose sources changed, side by side. */
function wasm(kinds) {
  const missing = wasmModules(kinds).filter(({ isDone }) => !isDone());
  const run = () => {
    const script = inRoot("scripts/lib/compile-wasm.mjs");
    runStep("compiling the engine", process.execPath, [script, ...missing.map(({ file }) => file)], STEP);
  };
  return { isDone: () => missing.length === 0, run };
}

/** The projects that `projects` refer to, themselves included. */
function withReferences(projects) {
  const all = new Set();
  const visit = (project) => {
    if (all.has(project)) return;
    all.add(project);
    const config = JSON.parse(readFileSync(inRoot(project, "tsconfig.json"), "utf8"));
    for (const reference of config.references ?? []) visit(join(project, reference.path));
  };
  projects.forEach(visit);
  return [...all].sort();
}

/** Removes compiled files whose source is gone, so that a deleted test does not run on. */
function removeOrphans(project) {
  const folder = inRoot(project, "dist");
  const sources = existsSync(inRoot(project, "src")) ? inRoot(project, "src") : inRoot(project);
  for (const path of productsBelow(folder)) {
    const stem = path.slice(folder.length + 1).replace(/\.(js|d\.ts)(\.map)?$/, "");
    const isThere = [".ts", ".tsx"].some((end) => existsSync(join(sources, `${stem}${end}`)));
    if (!isThere && !path.endsWith(".tsbuildinfo")) rmSync(path);
  }
}

/** Compiles the TypeScript projects (folders with a tsconfig.json; all by default) when a source changed. */
function typeScript(projects) {
  const involved = withReferences(projects);
  const isSource = (path) => (/\.tsx?$/.test(path) && !path.includes("/assembly/")) || path.endsWith("/package.json");
  const sources = involved.flatMap((project) => [
    ...filesBelow(inRoot(project), isSource),
    inRoot(project, "tsconfig.json"),
  ]);
  const compiler = toolPath("typescript", "package.json");
  const hash = contentHash([...sources, inRoot("tsconfig.base.json"), compiler], involved.join(" "));
  const stampPath = toolPath(".murmuration-build", `${projects.join("+").replaceAll("/", "-")}.stamp`);
  const isComplete = () => involved.every((project) => existsSync(inRoot(project, "dist")));
  const run = () => {
    const complete = isComplete();
    unstamp(stampPath);
    const tsc = toolPath("typescript", "bin", "tsc");
    // tsc trusts its build info even when the compiled files were deleted.
    const flags = [...(complete ? [] : ["--force"]), ...(process.stderr.isTTY ? ["--pretty"] : [])];
    const paths = projects.map((project) => join(root, project));
    runStep("compiling TypeScript", process.execPath, [tsc, "-b", ...flags, ...paths], STEP);
    involved.forEach(removeOrphans);
    stamp(stampPath, hash);
  };
  return { isDone: () => isComplete() && isStamped(stampPath, hash), run };
}

/** Writes what is released from what was compiled, when that changed. */
function release() {
  const stampPath = inRoot("packages/server/release/.stamp");
  const products = RELEASED.flatMap((folder) => productsBelow(inRoot(folder, "dist"))).filter((path) =>
    path.endsWith(".js"),
  );
  const packages = RELEASED.map((folder) => inRoot(folder, "package.json"));
  const hash = contentHash([...products, ...packages, inRoot("scripts/lib/release.mjs")]);
  const run = () => {
    writeRelease();
    stamp(stampPath, hash);
  };
  return { isDone: () => isStamped(stampPath, hash), run };
}

/** Bundles the server of a kind, "checked" or "release", when what it is made of changed. */
function serverBundle(kind) {
  const stampPath = inRoot("packages/server/bundle", kind, ".stamp");
  const folders = RELEASED.map((folder) => inRoot(folder, kind === "release" ? "release" : "dist"));
  const isPart = (path) => path.endsWith(".js") && !/\.(test|test-support)\.js$/.test(path);
  const script = inRoot("scripts/lib/bundle-server.mjs");
  // of the packages that are bundled, the lock file tells what there is
  const tools = [script, inRoot("package-lock.json")].filter((path) => existsSync(path));
  const hash = contentHash([...folders.flatMap((folder) => productsBelow(folder)).filter(isPart), ...tools]);
  const run = () => {
    unstamp(stampPath);
    runStep(`bundling the server (${kind})`, process.execPath, [script, kind], STEP);
    stamp(stampPath, hash);
  };
  return { isDone: () => isStamped(stampPath, hash), run };
}

/** Bundles the dashboard's pages into packages/dashboard/release when their sources changed. What tests them is no part of it. */
function dashboard() {
  const folder = inRoot("packages/dashboard");
  const stampPath = join(folder, "release", ".stamp");
  const isSource = (path) => /\.(tsx?|css|svg|html)$/.test(path) && !/\.test\.tsx?$/.test(path);
  const tools = [toolPath("vite", "package.json"), inRoot("scripts/lib/bundle-dashboard.mjs")];
  const hash = contentHash([...filesBelow(folder, isSource), join(folder, "package.json"), ...tools]);
  const run = () => {
    unstamp(stampPath);
    runStep("bundling the dashboard", process.execPath, [inRoot("scripts/lib/bundle-dashboard.mjs")], STEP);
    stamp(stampPath, hash);
  };
  return { isDone: () => isStamped(stampPath, hash), run };
}

/**
 * Installs, compiles the engine and the given projects; each step only when something changed. One process at a time does. `kinds`: what is
 * needed of "checked", which tests and tools run, and "release", which users run.
 */
export function build({ projects = PROJECTS, kinds = ["checked", "release"] } = {}) {
  // made one after the other: what a step looks at may come from the one before it
  const steps = [
    dependencies,
    () => wasm(kinds),
    () => typeScript(projects),
    ...(kinds.includes("release") ? [release, dashboard] : []),
    ...kinds.map((kind) => () => serverBundle(kind)),
  ];
  if (steps.every((step) => step().isDone())) return;
  alone(() => {
    for (const step of steps) {
      const { isDone, run } = step();
      if (!isDone()) run();
    }
  });
}
