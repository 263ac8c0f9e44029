import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { type KeyRing, ringFromText, ringText, type WrittenRing, wrapRing } from "./key-ring.js";
import type { MasterKeys } from "./master-keys.js";

/** A ring that is lost loses everything: it is there twice. */
const RING_FILES = ["keyring.json", "keyring.copy.json"] as const;

/** The files of the ring of a folder. */
export function ringFiles(folder: string): readonly string[] {
  return RING_FILES.map((name) => join(folder, name));
}

/** A ring as it was found. */
export interface FoundRing {
  readonly ring: WrittenRing;
  /** Is it whole and the same in all of its files? */
  readonly isEverywhere: boolean;
}

/** The latest copy of a folder's ring that is whole; `undefined`: there is none. Throws `corrupt` where there are some and all are damaged. */
export function findRing(folder: string): FoundRing | undefined {
  const there = ringFiles(folder).filter((file) => existsSync(file));
  const rings = there.map((file) => ringFromText(withStorageErrors(file, () => readFileSync(file, "utf8"))));
  const [ring] = rings.filter((one) => one !== undefined).sort((a, b) => b.generation - a.generation);
  if (ring !== undefined) {
    const isEverywhere =
      rings.length === RING_FILES.length && rings.every((one) => one?.generation === ring.generation);
    return { ring, isEverywhere };
  }
  if (there.length === 0) return undefined;
  throw new MurmurationError(
    "corrupt",
    `the key ring of ${folder} is damaged in all of its copies (${there.join(", ")}): without it nothing in the folder can be decrypted`,
  );
}

/** Puts a ring into its files, one after the other: whenever this ends, one of them is whole. Throws `storage`. */
export function putRing(folder: string, ring: KeyRing, masterKeys: MasterKeys): void {
  const text = ringText(wrapRing(ring, masterKeys));
  for (const file of ringFiles(folder)) {
    const unfinished = `${file}.unfinished`;
    withStorageErrors(file, () => {
      writeFileSync(unfinished, text, { mode: 0o600, flush: true });
      renameSync(unfinished, file);
      const descriptor = openSync(folder, "r");
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  }
}

function withStorageErrors<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new MurmurationError("storage", `${file}: ${(cause as Error).message}`, undefined, cause);
  }
}
