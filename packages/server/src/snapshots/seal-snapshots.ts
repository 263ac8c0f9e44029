import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { flush } from "../backup/files.js";
import { type DataKeys, sealBytes } from "../encryption/data-keys.js";
import { piecesOfFile, sinkTo } from "../encryption/sealed-file.js";
import { snapshotSealedAs } from "./snapshot-file.js";
import { newSnapshotId, SEALED_FOLDER } from "./snapshot-notes.js";

const SUFFIX = ".snapshot";

function sealFile(from: string, to: string, keys: DataKeys): void {
  const unfinished = `${to}.unfinished`;
  const descriptor = openSync(unfinished, "w");
  try {
    const sink = sinkTo(descriptor, keys, snapshotSealedAs(to));
    for (const piece of piecesOfFile(from, undefined, snapshotSealedAs(from))) sink.push(piece);
    sink.end();
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // when it was made says what it may hold that was erased since
  const { atime, mtime } = statSync(from);
  utimesSync(unfinished, atime, mtime);
  renameSync(unfinished, to);
}

/** Wholly, or not at all: half of a note opens for nobody, and what it tells of would stay for ever, seen by no list and no erasure. */
function writeNote(to: string, sealed: Uint8Array): void {
  const unfinished = `${to}.unfinished`;
  writeFileSync(unfinished, sealed, { flush: true });
  renameSync(unfinished, to);
}

/**
 * Encrypts the snapshots of a folder that was not encrypted, one after the other: the plain one goes when the other is there, so that a process that is killed
 * leaves either, or both. What was being made goes, and what was being recovered stays for the next start to go on with.
 */
export function sealSnapshots(root: string, keys: DataKeys): void {
  if (!existsSync(root)) return;
  rmSync(join(root, ".work"), { recursive: true, force: true });
  const sealed = join(root, SEALED_FOLDER);
  mkdirSync(sealed, { recursive: true });
  const collections = join(root, "collections");
  const parts = existsSync(collections) ? readdirSync(collections) : [];
  for (const part of [undefined, ...parts]) {
    const folder = part === undefined ? root : join(collections, part);
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(SUFFIX)) continue;
      const id = newSnapshotId();
      const from = join(folder, name);
      const checksum = existsSync(`${from}.checksum`) ? readFileSync(`${from}.checksum`, "utf8") : null;
      const note = JSON.stringify({ ...(part === undefined ? {} : { part }), name, checksum });
      sealFile(from, join(sealed, id + SUFFIX), keys);
      const noted = sealBytes(keys, { kind: "snapshot note", id }, Buffer.from(note));
      writeNote(join(sealed, `${id}.note`), noted);
      flush(sealed);
      for (const path of [from, `${from}.checksum`]) rmSync(path, { force: true });
    }
  }
  rmSync(collections, { recursive: true, force: true });
  sealRecoveries(join(root, ".recovering"), keys);
}

/** Recoveries that were begun: their notes name collections. */
function sealRecoveries(folder: string, keys: DataKeys): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name);
    if (name.endsWith(SUFFIX) && !name.includes("~")) {
      const number = basename(name, SUFFIX);
      const note = join(folder, `${number}.json`);
      if (existsSync(note)) {
        const to = `${number}~${newSnapshotId()}`;
        sealFile(path, join(folder, to + SUFFIX), keys);
        const sealed = sealBytes(keys, { kind: "recovery", id: to }, readFileSync(note));
        writeNote(join(folder, `${to}.json`), sealed);
        rmSync(note);
      }
      rmSync(path, { force: true });
    }
  }
}
