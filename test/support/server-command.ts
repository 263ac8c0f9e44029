import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./source-tree.js";

const CLI = join(root, "packages/server/dist/cli.js");

/** What node is started with to run the command line as its users do: the flags of its first line, and its file. */
export function serverCommand(): string[] {
  const [first = ""] = readFileSync(CLI, "utf8").split("\n", 1);
  const flags = /^#!\/usr\/bin\/env -S node (.*)$/.exec(first)?.[1]?.split(" ") ?? [];
  return [...flags, CLI];
}
