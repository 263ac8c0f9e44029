import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./paths.mjs";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "build", "release", "bundle", ".git", ".cache", "data"]);

/** Files below `folder` that `accepts(path)`, sorted; what is installed, built or cached is left out. */
export function filesBelow(folder, accepts) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) found.push(...filesBelow(path, accepts));
    } else if (entry.isFile() && accepts(path)) found.push(path);
  }
  return found.sort();
}

/** Every file below a folder of build products, sorted. */
export function productsBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? productsBelow(path) : [path];
    })
    .sort();
}

/** Hash over the names and contents of files, and over `also` (what else decides the result, such as flags). */
export function contentHash(paths, also = "") {
  const hash = createHash("sha256").update(also);
  for (const path of paths) {
    const content = existsSync(path) ? readFileSync(path) : Buffer.from("absent");
    hash.update(`\0${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Whether the stamp file holds this hash. */
export function isStamped(stampPath, hash) {
  return existsSync(stampPath) && readFileSync(stampPath, "utf8").trim() === hash;
}

/** Writes the hash to the stamp file. */
export function stamp(stampPath, hash) {
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, `${hash}\n`);
}

/** Removes the stamp, so that an interrupted step is taken again. */
export function unstamp(stampPath) {
  rmSync(stampPath, { force: true });
}
