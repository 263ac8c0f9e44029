import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { benchFolder } from "../data.js";
import { say } from "../harness.js";

/**
 * Loads an npm package that only this benchmark needs, in fixed versions, from a folder beside the benchmark data; installs it there
 * first. It is no dependency of the repository: 40 to 170 MB that nobody else should have to fetch.
 */
export function fetched(id: string, packages: Readonly<Record<string, string>>): unknown {
  const folder = join(benchFolder, "databases", "packages", id);
  const [name = ""] = Object.keys(packages);
  if (!existsSync(join(folder, "node_modules", name))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const wanted = Object.entries(packages).map(([of, version]) => `${of}@${version}`);
    say(`fetching ${wanted.join(", ")}`);
    const flags = ["--omit=optional", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    const npm = spawnSync("npm", ["install", "--prefix", folder, ...flags, ...wanted], { encoding: "utf8" });
    if (npm.status !== 0) throw new Error(`npm install ${wanted.join(" ")} failed:\n${npm.stderr ?? npm.error}`);
  }
  return createRequire(join(folder, "package.json"))(name);
}

/** What npm calls this machine: the last part of the name of a package with a binary. */
export const platform = `${process.platform}-${process.arch}`;
