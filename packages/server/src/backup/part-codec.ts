import { createHash, createHmac } from "node:crypto";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, derivedKey, openBytes, sealBytes } from "../encryption/data-keys.js";

// A part as it is stored (docs/files.md): a byte that says how the rest is packed, then that; encrypted as a whole where the backup is.

const PLAIN = 0;
const ZSTD = 1;
/** Packed so it must save this share, or it is stored as it is: vectors hardly do. */
const WORTH_PACKING = 0.95;
/** What a stored part may be longer than what is in it: its first byte, and what encryption adds. */
const MORE_BYTES = 256;

/** Names, packs and encrypts parts, and has them back. */
export class PartCodec {
  readonly #keys: DataKeys | undefined;
  readonly #nameKey: Buffer | undefined;

  /** `keys`: parts are encrypted under these. */
  constructor(keys: DataKeys | undefined) {
    this.#keys = keys;
    this.#nameKey = keys && derivedKey(keys.keys[0].secret, keys.ring, "murmuration names of backup parts");
  }

  /** The name of a part: SHA-256 of what is in it, in hex. Of an encrypted one it is made with a key, so that it does not tell whoever guesses what is in it. */
  nameOf(part: Uint8Array): string {
    const hash = this.#nameKey === undefined ? createHash("sha256") : createHmac("sha256", this.#nameKey);
    return hash.update(part).digest("hex");
  }

  /** The part as it is stored. */
  seal(name: string, part: Uint8Array): Uint8Array {
    const packed = zstdCompressSync(part);
    const isWorth = packed.byteLength < part.byteLength * WORTH_PACKING;
    const stored = Buffer.concat([Buffer.of(isWorth ? ZSTD : PLAIN), isWorth ? packed : part]);
    return this.#keys === undefined ? stored : sealBytes(this.#keys, sealedAs(name), stored);
  }

  /** So many bytes a part is stored in at most. */
  storedBytesMax(bytes: number): number {
    return bytes + MORE_BYTES;
  }

  /** The part of this name, of so many bytes, or `atMost` so many. Throws `corrupt` where it is another. */
  open(name: string, stored: Uint8Array, bytes: number, { atMost = false } = {}): Uint8Array {
    const part = this.#opened(name, stored, bytes);
    if (part === undefined || (!atMost && part.byteLength !== bytes) || this.nameOf(part) !== name) {
      throw new MurmurationError("corrupt", `part ${name} is changed: it does not hold what it is named by`);
    }
    return part;
  }

  #opened(name: string, stored: Uint8Array, bytes: number): Uint8Array | undefined {
    try {
      const packed = this.#keys === undefined ? stored : openBytes(this.#keys, sealedAs(name), stored);
      const [form] = packed;
      const rest = packed.subarray(1);
      const part = form === ZSTD ? zstdDecompressSync(rest, { maxOutputLength: Math.max(bytes, 1) }) : rest;
      return form === ZSTD || form === PLAIN ? part : undefined;
    } catch {
      return undefined;
    }
  }
}

const sealedAs = (name: string) => ({ kind: "backup part", id: name });
