import { SqliteOpLog } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { logKeyOf } from "../encryption/data-keys.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { manifestBeside } from "./backup-folder.js";
import { type Fingerprint, fingerprintOf } from "./files.js";
import { contentDifferences, contentsOf } from "./log-contents.js";
import { type Manifest, readManifest } from "./manifest.js";

/** How a backup is verified, and who is told of the steps. */
export interface VerifyOptions {
  /** Also apply every operation again from the first one on, which must come to the same. */
  readonly replay?: boolean;
  readonly onStep?: (step: string) => void;
  /** Told of what is damaged and was made again from operations. */
  readonly onMended?: (what: string) => void;
  /** What opens a backup that is encrypted. */
  readonly masterKeys?: MasterKeys | undefined;
}

/** Throws `corrupt` when a file is not the one that its manifest was made for. */
export function checkFingerprint(file: string, expected: Fingerprint, actual: Fingerprint): void {
  if (actual.bytes !== expected.bytes) {
    throw new MurmurationError("corrupt", `${file}: has ${actual.bytes} bytes, not ${expected.bytes}`);
  }
  if (actual.sha256 !== expected.sha256) {
    throw new MurmurationError("corrupt", `${file}: the checksum is ${actual.sha256}, not ${expected.sha256}`);
  }
}

/** Recovers a replica from an open log; throws `corrupt` unless it holds what the manifest says. */
export function checkContents(
  log: SqliteOpLog,
  { contents }: Pick<Manifest, "contents">,
  { replay = false, onStep, onMended }: VerifyOptions,
): void {
  for (const from of replay ? (["projection", "log"] as const) : (["projection"] as const)) {
    onStep?.(from === "log" ? "applying every operation again" : "recovering the data");
    const [difference, ...more] = contentDifferences(contents, contentsOf(log, from, onMended));
    if (difference === undefined) continue;
    const others = more.length === 0 ? "" : ` (and ${more.length} more differences)`;
    throw new MurmurationError("corrupt", `the backup restores to something else: ${difference}${others}`);
  }
}

/**
 * Does a backup's file restore to what its manifest says, and is every row in it what was written? One that was made of a damaged log may
 * restore to the same all the same. Changes nothing. Returns the manifest; throws `corrupt` where either is not so, `not-found` or `storage` when it cannot be read.
 */
export function verifyBackup(file: string, options: VerifyOptions = {}): Manifest {
  const { manifest, keys } = readManifest(manifestBeside(file), options.masterKeys);
  options.onStep?.("checking the file");
  checkFingerprint(file, manifest.file, fingerprintOf(file));
  checkRows(file, keys && logKeyOf(keys), manifest, options);
  return manifest;
}

/** Does a log restore to what the manifest says, and is every row in it what was written? Throws as `verifyBackup`. */
export function checkRows(
  file: string,
  key: Uint8Array | undefined,
  manifest: Pick<Manifest, "contents">,
  options: VerifyOptions,
): void {
  const log = new SqliteOpLog(file, { readOnly: true, key });
  try {
    const mended: string[] = [];
    checkContents(log, manifest, { ...options, onMended: (what) => mended.push(what) });
    options.onStep?.("checking every row");
    const damaged = new Set([...log.damagedRows(), ...mended]);
    if (damaged.size > 0) {
      const rows = [...damaged].join("; ");
      throw new MurmurationError(
        "corrupt",
        `${file} restores to the same digests, and rows of it are damaged: ${rows}`,
      );
    }
  } finally {
    log.close();
  }
}
