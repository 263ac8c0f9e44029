import { randomFillSync } from "node:crypto";
import {
  type DataKeys,
  decrypt,
  encrypt,
  keyByHead,
  NONCE_BYTES,
  newHead,
  type Sealed,
  TAG_BYTES,
} from "./data-keys.js";

// A file of sealed records (docs/files.md): "MURMROWS", u32 number of the data key, 32 bytes of salt, zeros to 64 bytes; then records, all of one length,
// each as a random nonce, the encrypted record and its tag.

const MAGIC = Buffer.alloc(8, "MURMROWS");
/** What stands before the records. */
export const RECORDS_HEAD_BYTES = 64;
/** What a record takes more on disk. */
const MORE_BYTES = NONCE_BYTES + TAG_BYTES;

/** The head of a new file. */
export function newRecordsHead(keys: DataKeys): Buffer {
  return newHead(MAGIC, keys, RECORDS_HEAD_BYTES);
}

/**
 * Records of one file, read and written by place. A record may be written again: its nonce is random, under a key that no other file has. 2³² writes of one file
 * would be the bound of that (NIST SP 800-38D, 8.3): each record is written once for each node that gets its slot.
 */
export class SealedRecords {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** By what a file begins with; `undefined`: it is no such file, or under a key that is not there. */
  static open(keys: DataKeys, what: Sealed, head: Uint8Array): SealedRecords | undefined {
    const key = head.length < RECORDS_HEAD_BYTES ? undefined : keyByHead(MAGIC, keys, what, head);
    return key && new SealedRecords(key);
  }

  /** Where the record that would stand at byte `at` of a plain file stands. */
  placeOf(at: number, recordBytes: number): number {
    return RECORDS_HEAD_BYTES + (at / recordBytes) * (recordBytes + MORE_BYTES);
  }

  /** Bytes that so many records take. */
  bytesOf(records: number, recordBytes: number): number {
    return records * (recordBytes + MORE_BYTES);
  }

  /** Records as they are written, from byte `at` of a plain file on. */
  seal(plain: Uint8Array, at: number, recordBytes: number): Buffer {
    const records = plain.length / recordBytes;
    const sealed = Buffer.alloc(this.bytesOf(records, recordBytes));
    for (let i = 0; i < records; i++) {
      const nonce = randomFillSync(sealed, i * (recordBytes + MORE_BYTES), NONCE_BYTES).subarray(
        i * (recordBytes + MORE_BYTES),
        i * (recordBytes + MORE_BYTES) + NONCE_BYTES,
      );
      const record = plain.subarray(i * recordBytes, (i + 1) * recordBytes);
      const place = placeBytes(at / recordBytes + i, recordBytes);
      encrypt(this.#key, nonce, place, record).copy(sealed, i * (recordBytes + MORE_BYTES) + NONCE_BYTES);
    }
    return sealed;
  }

  /** Decrypts whole records into the target; one that is not what was written at its place is zeros, which are no node's. Returns the bytes that there are. */
  open(sealed: Uint8Array, target: Uint8Array, at: number, recordBytes: number): number {
    const step = recordBytes + MORE_BYTES;
    const records = Math.floor(sealed.length / step);
    for (let i = 0; i < records; i++) {
      const nonce = sealed.subarray(i * step, i * step + NONCE_BYTES);
      const record = sealed.subarray(i * step + NONCE_BYTES, (i + 1) * step);
      const plain = decrypt(this.#key, nonce, placeBytes(at / recordBytes + i, recordBytes), record);
      const from = i * recordBytes;
      if (plain === undefined) target.fill(0, from, from + recordBytes);
      else target.set(from + recordBytes <= target.length ? plain : plain.subarray(0, target.length - from), from);
    }
    return Math.min(records * recordBytes, target.length);
  }
}

/** What a record is tied to, beside its file: its place, and the length of all. */
function placeBytes(record: number, recordBytes: number): Buffer {
  const place = Buffer.alloc(12);
  place.writeUIntLE(record, 0, 6);
  place.writeUInt32LE(recordBytes, 8);
  return place;
}
