import { existsSync } from "node:fs";
import { join } from "node:path";
import { runStep } from "./run-step.mjs";

/** Python with a package in an environment of its own, which is made in `folder` once. Throws `StepFailed` where there is no python3, or no such package. */
export function pythonWith(folder, wanted, flags = []) {
  const python = join(folder, "bin", "python");
  if (!existsSync(python)) runStep("making a Python environment", "python3", ["-m", "venv", folder]);
  const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...flags, wanted];
  runStep(`fetching ${wanted} for Python`, python, args, { isAnnounced: true });
  return python;
}
