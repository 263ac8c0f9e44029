import { readFileSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import { WatchedFiles } from "../watched-files.js";
import { clusterKeysOf, FrameSeal } from "./frame-seal.js";
import type { NatsLog } from "./options.js";

/**
 * What seals frames, by a file of keys that is read again when it changes until the watch is closed; without a file, nothing is sealed. Throws `validation` for
 * a file that holds none.
 */
export function sealBy(
  file: string | undefined,
  cluster: string,
  log: NatsLog,
): readonly [FrameSeal, WatchedFiles | undefined] {
  if (file === undefined) return [new FrameSeal(cluster, ["plain"]), undefined];
  const read = () => {
    try {
      return clusterKeysOf(readFileSync(file, "utf8"));
    } catch (error) {
      throw new MurmurationError("validation", `${file}: ${(error as Error).message}`, "clusterKeyFile", error);
    }
  };
  const seal = new FrameSeal(cluster, read());
  const watch = new WatchedFiles([file], () => {
    try {
      seal.replace(read());
      log("info", "the cluster key was read again", { file });
    } catch (error) {
      log("error", "the cluster key stays as it was: its file cannot be used", { why: (error as Error).message });
    }
  });
  watch.begin();
  return [seal, watch];
}
