import type { MurmurationError } from "@murmuration/index";
import {
  beginsWith,
  type DataKeys,
  damaged,
  decrypt,
  encrypt,
  HEAD_BYTES,
  keyByHead,
  NONCE_BYTES,
  newHead,
  type Sealed,
  TAG_BYTES,
} from "./data-keys.js";

// A sealed file (docs/files.md): "MURMSEAL", u32 number of the data key, 32 bytes of salt, then pages of 64 KiB, each
// encrypted, with its tag behind it. The last page says that it is the last; it is empty where the file is.

const MAGIC = Buffer.alloc(8, "MURMSEAL");
/** What stands before the pages. */
export const SEAL_HEAD_BYTES = HEAD_BYTES;
const PAGE_BYTES = 65_536;
/** Of a page on disk. */
export const SEALED_PAGE_BYTES = PAGE_BYTES + TAG_BYTES;

/** Does a file begin so? */
export function isSealHead(head: Uint8Array): boolean {
  return beginsWith(MAGIC, head);
}

/** Bytes of what is in a sealed file of so many bytes. */
export function plainBytesOf(sealedBytes: number): number {
  const inPages = Math.max(sealedBytes - SEAL_HEAD_BYTES, 0);
  return Math.max(inPages - Math.ceil(inPages / SEALED_PAGE_BYTES) * TAG_BYTES, 0);
}

/** Each page is written once under the key of its file: its number is its nonce, and what says that none comes after it. */
function nonceOf(page: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt8(isLast ? 1 : 0, 0);
  nonce.writeUIntLE(page, 4, 6);
  return nonce;
}

/** Encrypts a stream: what goes in comes out as pieces to be written one after the other. */
export class PageSealer {
  readonly head: Buffer;
  readonly #key: Buffer;
  readonly #page = Buffer.alloc(PAGE_BYTES);
  readonly #put: (bytes: Uint8Array) => void;
  #filled = 0;
  #pages = 0;

  /** `put` is given the head at once, then pages. */
  constructor(keys: DataKeys, what: Sealed, put: (bytes: Uint8Array) => void) {
    this.head = newHead(MAGIC, keys);
    this.#key = keyByHead(MAGIC, keys, what, this.head) as Buffer;
    this.#put = put;
    put(this.head);
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      // a full page waits for what comes after it: only then is it known not to be the last
      if (this.#filled === PAGE_BYTES) this.#seal(false);
      const taken = Math.min(PAGE_BYTES - this.#filled, bytes.length - at);
      this.#page.set(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
    }
  }

  end(): void {
    this.#seal(true);
  }

  #seal(isLast: boolean): void {
    const plain = this.#page.subarray(0, this.#filled);
    this.#put(encrypt(this.#key, nonceOf(this.#pages, isLast), this.head, plain));
    this.#pages++;
    this.#filled = 0;
  }
}

/** Opens pages in their order. */
export class PageOpener {
  readonly #key: Buffer;
  readonly #head: Uint8Array;
  readonly #what: Sealed;
  #pages = 0;
  #hasEnded = false;

  /** Throws `corrupt` for a head that is none, or whose data key is not there. */
  constructor(keys: DataKeys, what: Sealed, head: Uint8Array) {
    const key = head.length === SEAL_HEAD_BYTES ? keyByHead(MAGIC, keys, what, head) : undefined;
    this.#what = what;
    if (key === undefined) throw this.#damaged();
    this.#head = head;
    this.#key = key;
  }

  /** Was the last page opened? */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The next page: a whole one, or what is left at the end of the file. Throws `corrupt`. */
  open(sealed: Uint8Array): Buffer {
    if (this.#hasEnded) throw this.#damaged();
    // a page that is shorter can only be the last; a full one may be
    const isFull = sealed.length === SEALED_PAGE_BYTES;
    for (const isLast of isFull ? [false, true] : [true]) {
      const plain = decrypt(this.#key, nonceOf(this.#pages, isLast), this.#head, sealed);
      if (plain === undefined) continue;
      this.#hasEnded = isLast;
      this.#pages++;
      return plain;
    }
    throw this.#damaged();
  }

  /** Throws `corrupt` where the file ended before its last page. */
  end(): void {
    if (!this.#hasEnded) throw this.#damaged();
  }

  #damaged(): MurmurationError {
    return damaged(`${this.#what.kind} ${this.#what.id}`.trim());
  }
}
