import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { benchFolder } from "../data.js";
import { say } from "../harness.js";
import { type ServerProcess, startServer } from "../server-process.js";
import { BATCH, countPoints, createCollection, type Loaded, load, WRITERS } from "./load.js";
import { untilAtRest } from "./pace.js";
import { shapeOf } from "./shapes.js";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const keptFolder = join(benchFolder, "loaded");
const made = new Set<string>();

/** A data folder that was loaded, for the benchmarks of one run and, with `--keep`, of later ones. */
export interface LoadedFolder {
  readonly path: string;
  /** Of the whole load, when it was done in one go. */
  readonly loaded?: Loaded;
}

/** Files below a folder. */
function* filesBelow(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) yield* filesBelow(path);
    else if (stat?.isFile()) yield path;
  }
}

/** Bytes that a folder takes on disk. */
export function diskBytes(folder: string): number {
  let blocks = 0;
  // a file may go while the server runs
  for (const path of filesBelow(folder)) blocks += lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0;
  return blocks * 512;
}

/** Tells one build of the server from another. */
function buildOf(cli: string | undefined): string {
  const root = cli === undefined ? ROOT : dirname(dirname(dirname(dirname(cli))));
  const hash = createHash("sha256");
  for (const name of ["index", "core", "server"]) {
    for (const part of ["dist", "build"]) {
      const folder = join(root, "packages", name, part);
      if (!existsSync(folder)) continue;
      for (const path of filesBelow(folder)) if (/\.(js|wasm)$/.test(path)) hash.update(readFileSync(path));
    }
  }
  return hash.digest("hex").slice(0, 8);
}

/**
 * A data folder with so many points of a shape, loaded by the build of the server that is measured. What an earlier benchmark or run left
 * is used; a load that was broken off goes on. `whenLoaded` sees the server of a load that was done in one go, before it stops.
 */
export async function loadedFolder(
  shapeName: string,
  points: number,
  cli: string | undefined,
  whenLoaded: (server: ServerProcess, folder: LoadedFolder) => Promise<void> = async () => undefined,
): Promise<LoadedFolder> {
  const folder = join(keptFolder, `${buildOf(cli)}-${shapeName}-${points}`);
  const path = join(folder, "data");
  const record = join(folder, "loaded.json");
  made.add(folder);
  if (existsSync(record)) return { path, ...(JSON.parse(readFileSync(record, "utf8")) as Omit<LoadedFolder, "path">) };
  const isNew = !existsSync(path);
  mkdirSync(path, { recursive: true });
  const shape = shapeOf(shapeName);
  const server = await startServer({ folder: path, cli });
  try {
    const { collections } = (await server.call("GET", "/collections")) as { readonly collections: readonly unknown[] };
    if (collections.length === 0) await createCollection(server, shape);
    // requests that were under way may have left holes below the count
    const from = isNew ? 0 : Math.max(0, (await countPoints(server)) - WRITERS * BATCH);
    say(`loading ${points - from} points (${shape.what}) into ${path}`);
    const loaded = await load(server, shape, from, points);
    await untilAtRest(server, 600);
    const result = from === 0 ? { path, loaded } : { path };
    if (from === 0) await whenLoaded(server, result);
    await server.stop();
    writeFileSync(record, JSON.stringify(from === 0 ? { loaded } : {}));
    return result;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Removes the folders that this run used. */
export function removeLoaded(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}
