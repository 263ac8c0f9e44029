import { spawnSync } from "node:child_process";

/** Python as it is called here; `undefined`: there is none that is new enough. */
export function findPython(): string | undefined {
  const isNew = "import sys; sys.exit(sys.version_info < (3, 9))";
  return ["python3", "python"].find((program) => spawnSync(program, ["-c", isNew], { stdio: "ignore" }).status === 0);
}
