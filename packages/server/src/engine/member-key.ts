import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  hkdfSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Signing } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, isSealedBytes, openBytes, sealBytes } from "../encryption/data-keys.js";

/** Public keys of others whose objects are kept: making one costs as much as looking at a signature. */
const KEPT_MAX = 2_048;
/** Only for whom the server runs as. */
const MODE = 0o600;
const KEY_BYTES = 32;
const FINGERPRINT_BYTES = 16;
const SECRET_BYTES = 32;

/**
 * The Ed25519 keys (RFC 8032) of the replica of a data folder. What is signed is the SHA-256 of a message, so that a message of a megabyte costs little
 * more than a small one. A private key is made at the first start, and lies in its file, readable by nobody else; while it is being changed, the
 * one that is to follow lies beside it.
 */
class MemberKey implements Signing {
  readonly #file: string;
  readonly #nextFile: string;
  readonly #keys: DataKeys | undefined;
  #key: KeyObject;
  #next: KeyObject | undefined;
  readonly #others = new Map<string, KeyObject | undefined>();

  constructor(file: string, keys: DataKeys | undefined) {
    this.#file = file;
    this.#keys = keys;
    this.#nextFile = `${file}.next`;
    const kept = readKey(file, keys);
    this.#key = kept ?? makeKey(file, keys);
    this.#next = kept === undefined ? undefined : readKey(this.#nextFile, keys);
  }

  publicKeys(): readonly string[] {
    return [...(this.#next === undefined ? [] : [textOf(this.#next)]), textOf(this.#key)];
  }

  sign(bytes: Uint8Array): Uint8Array {
    return sign(null, digestOf(bytes), this.#key);
  }

  verify(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
    const key = this.#publicKey(publicKey);
    return key !== undefined && verify(null, digestOf(bytes), key, signature);
  }

  fingerprint(publicKey: string): string {
    return createHash("sha256").update(publicKey).digest().subarray(0, FINGERPRINT_BYTES).toString("base64url");
  }

  authenticate(secret: Uint8Array, bytes: Uint8Array): Uint8Array {
    return createHmac("sha256", secret).update(bytes).digest();
  }

  secretOf(label: Uint8Array): Uint8Array {
    const own = this.#key.export({ format: "der", type: "pkcs8" });
    return new Uint8Array(hkdfSync("sha256", own, new Uint8Array(0), label, SECRET_BYTES));
  }

  renew(): void {
    this.#next ??= makeKey(this.#nextFile, this.#keys);
  }

  adopt(): void {
    if (this.#next === undefined) return;
    try {
      renameSync(this.#nextFile, this.#file);
      syncFolder(this.#file);
    } catch (cause) {
      throw new MurmurationError("storage", `the key of this replica cannot be kept in ${this.#file}`, "data", cause);
    }
    this.#key = this.#next;
    this.#next = undefined;
  }

  #publicKey(text: string): KeyObject | undefined {
    const known = this.#others.get(text);
    if (known !== undefined || this.#others.has(text)) return known;
    if (this.#others.size >= KEPT_MAX) this.#others.clear();
    const key = publicKeyOf(text);
    this.#others.set(text, key);
    return key;
  }
}

/** Keys of the replica whose private key lies in this file, which is made where there is none. Throws `corrupt` for one that is no such key. With data keys, the file is encrypted; one that is not, is from then on. */
export function openMemberKey(file: string, keys?: DataKeys): Signing {
  return new MemberKey(file, keys);
}

const digestOf = (bytes: Uint8Array) => hash("sha256", bytes, "buffer");

/** The 32 bytes of the public key, as base64url. */
function textOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" }) as { readonly x: string };
  return x;
}

/** `undefined`: it is no key. */
function publicKeyOf(text: string): KeyObject | undefined {
  if (Buffer.from(text, "base64url").byteLength !== KEY_BYTES) return undefined;
  try {
    return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: text }, format: "jwk" });
  } catch {
    return undefined;
  }
}

function readKey(file: string, keys: DataKeys | undefined): KeyObject | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new MurmurationError("storage", `the key of this replica cannot be read: ${file}`, "data", error);
  }
  try {
    const isSealed = keys !== undefined && isSealedBytes(bytes);
    const key = createPrivateKey(isSealed ? openBytes(keys, SEALED_AS, bytes) : bytes);
    if (key.asymmetricKeyType === "ed25519") {
      if (keys !== undefined && !isSealed) putKey(file, key, keys);
      return key;
    }
  } catch (cause) {
    if (cause instanceof MurmurationError && cause.code === "storage") throw cause;
    throw damaged(file, cause);
  }
  throw damaged(file);
}

function damaged(file: string, cause?: unknown): MurmurationError {
  const way = "bring it back, or evict this replica and begin with an empty folder";
  return new MurmurationError("corrupt", `the key of this replica in ${file} is damaged: ${way}`, "data", cause);
}

function makeKey(file: string, keys: DataKeys | undefined): KeyObject {
  const { privateKey } = generateKeyPairSync("ed25519");
  putKey(file, privateKey, keys);
  return privateKey;
}

/** What a file of a key is sealed as; the next one takes the place of the one before. */
const SEALED_AS = { kind: "member key", id: "" };

function putKey(file: string, key: KeyObject, keys: DataKeys | undefined): void {
  const pem = Buffer.from(key.export({ format: "pem", type: "pkcs8" }) as string);
  const made = `${file}.new`;
  try {
    rmSync(made, { force: true });
    const descriptor = openSync(made, "wx", MODE);
    try {
      writeSync(descriptor, keys === undefined ? pem : sealBytes(keys, SEALED_AS, pem));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(made, file);
    syncFolder(file);
  } catch (cause) {
    throw new MurmurationError("storage", `the key of this replica cannot be written: ${file}`, "data", cause);
  }
}

function syncFolder(file: string): void {
  const descriptor = openSync(dirname(file), "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
