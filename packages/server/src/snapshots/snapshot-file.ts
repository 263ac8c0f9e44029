import { createHash } from "node:crypto";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { DataKeys, Sealed } from "../encryption/data-keys.js";
import { piecesOfFile } from "../encryption/sealed-file.js";

/**
 * What a file of a snapshot is sealed as: what it is called on disk, without what says where it is and what kind of file: `.work/ID`, `sealed/ID.snapshot`,
 * `.recovering/N~ID.snapshot`.
 */
export function snapshotSealedAs(path: string): Sealed {
  const name = basename(path).replace(/\.snapshot$/, "");
  return { kind: "snapshot", id: name.slice(name.lastIndexOf("~") + 1) };
}

/** The bytes of a snapshot: one that somebody put into the folder may be as it is. Throws `corrupt` for one that does not decrypt. */
export function snapshotPieces(path: string, keys: DataKeys | undefined): Iterable<Buffer> {
  return piecesOfFile(path, keys, snapshotSealedAs(path), true);
}

/** The same for who sends them. */
export function snapshotStream(path: string, keys: DataKeys | undefined): Readable {
  return Readable.from(snapshotPieces(path, keys), { objectMode: false });
}

/** SHA-256 of the bytes of a snapshot, hexadecimal. */
export async function checksumOf(path: string, keys: DataKeys | undefined): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of snapshotStream(path, keys)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
