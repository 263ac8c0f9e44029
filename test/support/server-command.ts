import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./source-tree.js";

const CLI = join(root, "packages/server/bundle/checked/cli.js");

/** What node is started with to run a command line (default: that of this checkout) as its users do: the flags of its first line, and its file. */
export function serverCommand(cli = CLI): string[] {
  const [first = ""] = readFileSync(cli, "utf8").split("\n", 1);
  const flags = /^#!\/usr\/bin\/env -S node (.*)$/.exec(first)?.[1]?.split(" ") ?? [];
  return [...flags, cli];
}
