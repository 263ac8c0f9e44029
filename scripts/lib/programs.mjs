import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { StepFailed } from "./run-step.mjs";

/** Whether there is a file at this path that this user may run. */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of the first of these programs that the PATH, or a folder behind it, holds; `undefined`: none does. */
export function onPath(programs, otherFolders = []) {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...otherFolders];
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isProgram);
}

/** Path of the program that a variable of the environment names; `undefined`: it names none. Throws StepFailed where it is no program. */
export function namedProgram(variable, what) {
  const named = process.env[variable];
  if (named === undefined || named === "") return undefined;
  if (isProgram(named)) return named;
  throw new StepFailed(`finding ${what}`, `${variable} names ${named}, which is no program\n`, 1);
}
