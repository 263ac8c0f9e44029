import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./paths.mjs";
import { isProgram, namedProgram, onPath } from "./programs.mjs";
import { runStep, StepFailed } from "./run-step.mjs";

const VARIABLE = "MURMUR_NATS_SERVER";
const PROGRAM = "nats-server";
/** Debian puts it where the PATH of a user who is not root does not look. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];
const cached = () => join(cacheFolder, PROGRAM, PROGRAM);

const ADVICE = `nats-server is missing: install it (Debian and Ubuntu: apt-get install nats-server; macOS: brew install nats-server; \
Alpine: apk add nats-server) or name it in ${VARIABLE}`;

const inFolders = (program) => onPath([program], SYSTEM_FOLDERS);

/** Path of the nats-server that MURMUR_NATS_SERVER, the PATH or the project's cache holds, in this order. */
export function findNatsServer() {
  return namedProgram(VARIABLE, PROGRAM) ?? inFolders(PROGRAM) ?? [cached()].find(isProgram);
}

/**
 * Fetches the distribution's package and unpacks its program into the project's cache: it needs no rights over the system, and
 * starts no service.
 */
function unpackPackage() {
  const folder = join(cacheFolder, PROGRAM);
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, "unpacking-"));
  const download = () => runStep("fetching nats-server", "apt-get", ["download", PROGRAM], { cwd: work });
  try {
    try {
      download();
    } catch (error) {
      // a fresh machine has no list of packages, and only root may fetch it
      if (process.getuid?.() !== 0) throw error;
      runStep("fetching the list of packages", "apt-get", ["update"]);
      download();
    }
    const archive = readdirSync(work).find((name) => name.endsWith(".deb"));
    if (archive === undefined) throw new StepFailed("fetching nats-server", "apt-get left no package\n", 1);
    runStep("unpacking nats-server", "dpkg-deb", ["-x", join(work, archive), join(work, "root")]);
    renameSync(join(work, "root", "usr", "sbin", PROGRAM), cached());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Path of a nats-server; fetches it when there is none. Throws StepFailed that says what to install when that is not possible. */
export function ensureNatsServer() {
  const found = findNatsServer();
  if (found !== undefined) return found;
  if (inFolders("apt-get") === undefined || inFolders("dpkg-deb") === undefined)
    throw new StepFailed("finding nats-server", `${ADVICE}\n`, 1);
  try {
    unpackPackage();
  } catch (error) {
    throw new StepFailed("fetching nats-server", `${error.message.trimEnd()}\n${ADVICE}\n`, 1);
  }
  if (!existsSync(cached())) throw new StepFailed("fetching nats-server", `${ADVICE}\n`, 1);
  return cached();
}
