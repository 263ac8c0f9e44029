import { createHash, randomBytes } from "node:crypto";
import { MurmurationError } from "@murmuration/index";
import { decrypt, derivedKey, encrypt, NONCE_BYTES, TAG_BYTES } from "../encryption/data-keys.js";
import { masterKeysOf } from "../encryption/master-keys.js";
import { SEALED_FRAME } from "./frame.js";

/** Stands for no key in a file of keys: frames that are not sealed. */
const PLAIN = "plain";

const KEYS_MAX = 16;

/** What frames are sealed with, or are not: the first is for those that are sent, each of them opens what comes. */
export type ClusterKeys = readonly (Uint8Array | typeof PLAIN)[];

/** Keys in a text, one a line; `plain` stands for none. Throws an `Error` that says what is expected, and shows none of it. */
export function clusterKeysOf(text: string): ClusterKeys {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0 || words.length > KEYS_MAX)
    throw new Error(`must hold 1 to ${KEYS_MAX} keys, a line each (openssl rand -hex 32), or the word "plain"`);
  return words.map((word) => (word === PLAIN ? PLAIN : masterKeysOf(word)[0]));
}

// A sealed frame: u8 version, u8 kind, u64 instance as in every frame; u32 which cluster key, 16 bytes of salt, u64 counter; then the encrypted frame and its tag.
const KEY_AT = 10;
const SALT_AT = 14;
const SALT_BYTES = 16;
const COUNTER_AT = SALT_AT + SALT_BYTES;
const HEAD_BYTES = COUNTER_AT + 8;
/** Keys of senders' processes that are kept; whoever sends under many salts costs a derivation each. */
const KEPT_MAX = 256;

interface NumberedKey {
  readonly key: ClusterKeys[number];
  /** By which frames name it; of none: none. */
  readonly number: number;
}

function numbered(key: ClusterKeys[number]): NumberedKey {
  if (key === PLAIN) return { key, number: Number.NaN };
  return { key, number: createHash("sha256").update("murmuration cluster key\n").update(key).digest().readUInt32LE() };
}

/**
 * Seals frames with a key that the members share, so that what a broker keeps says nothing (docs/nats.md, "Sealed frames"): AES-256-GCM under a key
 * of this process alone, by 128 random bits, with a counter as nonce, so that none is used twice. The cluster and the sender that a frame's subject names are
 * authenticated with it: a frame of one member does not open as another's.
 */
export class FrameSeal {
  readonly #cluster: string;
  readonly #salt = randomBytes(SALT_BYTES);
  #keys: readonly NumberedKey[];
  #counter = 0n;
  /** By number of the cluster key and salt. */
  readonly #kept = new Map<string, Buffer>();

  constructor(cluster: string, keys: ClusterKeys) {
    this.#cluster = cluster;
    this.#keys = keys.map(numbered);
  }

  /** Other keys from now on. */
  replace(keys: ClusterKeys): void {
    this.#keys = keys.map(numbered);
    this.#kept.clear();
  }

  /** What a frame gets longer by at most. */
  get addedBytes(): number {
    return this.#keys.some(({ key }) => key !== PLAIN) ? HEAD_BYTES + TAG_BYTES : 0;
  }

  /** The frame as it is sent by this replica. */
  seal(frame: Uint8Array, sender: number): Uint8Array {
    const [first] = this.#keys;
    if (first === undefined || first.key === PLAIN) return frame;
    const { key, number } = first;
    const head = Buffer.alloc(HEAD_BYTES);
    head.set(frame.subarray(0, KEY_AT));
    head.writeUInt8(SEALED_FRAME, 1);
    head.writeUInt32LE(number, KEY_AT);
    head.set(this.#salt, SALT_AT);
    head.writeBigUInt64LE(this.#counter++, COUNTER_AT);
    const sealed = encrypt(this.#keyOf(key, head), nonceOf(head), this.#associated(head, sender), frame);
    const whole = Buffer.concat([head, sealed]);
    return new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
  }

  /** The frame that was sealed by this sender. Throws `corrupt` for one that was not, and for one that is not sealed where it has to be. */
  open(bytes: Uint8Array, sender: number): Uint8Array {
    if (bytes[1] !== SEALED_FRAME) {
      if (this.#keys.some(({ key }) => key === PLAIN)) return bytes;
      throw new MurmurationError(
        "corrupt",
        "frame: it is not sealed, and this replica takes no other (--cluster-key-file)",
      );
    }
    if (bytes.length < HEAD_BYTES + TAG_BYTES) throw new MurmurationError("corrupt", "frame: cut short");
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
    const number = head.readUInt32LE(KEY_AT);
    const key = this.#keys.find((one) => one.number === number)?.key;
    if (key === undefined || key === PLAIN)
      throw new MurmurationError("corrupt", "frame: it is sealed with a cluster key that this replica does not have");
    const plain = decrypt(
      this.#keyOf(key, head),
      nonceOf(head),
      this.#associated(head, sender),
      bytes.subarray(HEAD_BYTES),
    );
    if (plain === undefined) throw new MurmurationError("corrupt", "frame: it does not open: changed, or another's");
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  }

  #associated(head: Buffer, sender: number): Buffer {
    return Buffer.concat([head, Buffer.from(`${this.#cluster}\n${sender}`)]);
  }

  #keyOf(key: Uint8Array, head: Buffer): Buffer {
    const salt = head.subarray(SALT_AT, COUNTER_AT);
    const name = head.subarray(KEY_AT, COUNTER_AT).toString("latin1");
    const known = this.#kept.get(name);
    const derived = known ?? derivedKey(key, salt, "murmuration gossip");
    this.#kept.delete(name);
    this.#kept.set(name, derived);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return derived;
  }
}

function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  head.copy(nonce, 0, COUNTER_AT, HEAD_BYTES);
  return nonce;
}
