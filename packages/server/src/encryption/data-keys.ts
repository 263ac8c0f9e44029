import { createCipheriv, createDecipheriv, hkdfSync, randomFillSync } from "node:crypto";
import { MurmurationError } from "@murmuration/index";

/** Bytes of a key: of AES-256 and AEGIS-256. */
export const KEY_BYTES = 32;
/** Of a nonce and of a tag of GCM (NIST SP 800-38D). */
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
/** What makes the key of a file its own: so many random bytes that no two files have the same. */
export const SALT_BYTES = 32;

/** A key that encrypts data, by its number in its ring. */
export interface DataKey {
  readonly id: number;
  readonly secret: Uint8Array;
}

/** The data keys of a folder, as threads are given them. New things are encrypted with the first. */
export interface DataKeys {
  /** Which ring: a folder's own, made anew with every folder. */
  readonly ring: string;
  readonly keys: readonly [DataKey, ...DataKey[]];
}

/** What something encrypted is: what kind of thing, and which of these. Both go into its key, so that one put in place of another does not open. */
export interface Sealed {
  readonly kind: string;
  readonly id: string;
}

export function damaged(what: string): MurmurationError {
  return new MurmurationError("corrupt", `${what} does not decrypt: it is damaged, cut short, or another's`);
}

/** A key derived from a secret, for one purpose (HKDF with SHA-256, RFC 5869). */
export function derivedKey(secret: Uint8Array, salt: Uint8Array | string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, purpose, KEY_BYTES));
}

/** The key of one thing, by the salt that stands at its beginning. */
function keyOfThing(secret: Uint8Array, salt: Uint8Array, { kind, id }: Sealed): Buffer {
  return derivedKey(secret, salt, `murmuration ${kind}\n${id}`);
}

/** The key of a log's pages. */
export function logKeyOf({ ring, keys }: DataKeys, key: DataKey = keys[0]): Buffer {
  return derivedKey(key.secret, ring, "murmuration log");
}

const SALT_AT = 12;
/** What everything that is sealed begins with: 8 bytes that say its form, u32 number of the data key, salt. */
export const HEAD_BYTES = SALT_AT + SALT_BYTES;

export function beginsWith(magic: Buffer, bytes: Uint8Array): boolean {
  return magic.equals(bytes.subarray(0, magic.length));
}

/** The head of a new thing of a form; zeros stand behind it where it is to be longer. Its key is `keyByHead`'s. */
export function newHead(magic: Buffer, { keys: [{ id }] }: Pick<DataKeys, "keys">, bytes = HEAD_BYTES): Buffer {
  const head = Buffer.alloc(bytes);
  magic.copy(head);
  head.writeUInt32LE(id, magic.length);
  randomFillSync(head, SALT_AT, SALT_BYTES);
  return head;
}

/** The key of what begins so; `undefined`: it is of another form, cut short, or under a data key that is not there. */
export function keyByHead(
  magic: Buffer,
  { keys }: Pick<DataKeys, "keys">,
  what: Sealed,
  head: Uint8Array,
): Buffer | undefined {
  if (head.length < HEAD_BYTES || !beginsWith(magic, head)) return undefined;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const id = bytes.readUInt32LE(magic.length);
  const key = keys.find((one) => one.id === id);
  return key && keyOfThing(key.secret, bytes.subarray(SALT_AT, HEAD_BYTES), what);
}

/** Ciphertext and tag, by AES-256-GCM. `nonce` must not have been used with this key. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** What was encrypted so; `undefined` where it was not, or is not whole. */
export function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

const MAGIC = Buffer.alloc(8, "MURMBOX1");
const NO_NONCE = Buffer.alloc(NONCE_BYTES);

/** Does this begin as `sealBytes` begins? */
export function isSealedBytes(bytes: Uint8Array): boolean {
  return beginsWith(MAGIC, bytes);
}

/**
 * A small thing, encrypted whole: a key of a member, a line of an audit log, a manifest. Each has a key of its own, by 256 random bits, and that encrypts
 * once: so no nonce is used twice, however many things there are.
 */
export function sealBytes(keys: Pick<DataKeys, "keys">, what: Sealed, plain: Uint8Array): Buffer {
  const head = newHead(MAGIC, keys);
  const key = keyByHead(MAGIC, keys, what, head) as Buffer;
  return Buffer.concat([head, encrypt(key, NO_NONCE, head, plain)]);
}

/** What was sealed as just this. Throws `corrupt`. */
export function openBytes(keys: DataKeys, what: Sealed, sealed: Uint8Array): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const head = bytes.subarray(0, HEAD_BYTES);
  const key = keyByHead(MAGIC, keys, what, head);
  const plain = key && decrypt(key, NO_NONCE, head, bytes.subarray(HEAD_BYTES));
  if (plain === undefined) throw damaged(`${what.kind} ${what.id}`.trim());
  return plain;
}
