import { MurmurationError } from "@murmuration/index";
import { PART_BYTES_MAX } from "./row-parts.js";

// Which parts a table is made of, in their order, is itself kept in parts: of each part its name (32 bytes), u32 rows, u32 bytes.

const NAME_BYTES = 32;
const ENTRY_BYTES = NAME_BYTES + 8;
/** Entries of one part of an index: it ends behind a name with nine zero bits at its beginning, so that it changes where its parts do. */
const ENTRIES_MAX = 4_096;
const END_BITS = 9;
/** Bytes of a part of an index at most. */
export const INDEX_PART_BYTES_MAX = ENTRIES_MAX * ENTRY_BYTES;

/** A part by its name, with what is in it. */
export interface PartEntry {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Takes entries one after the other, and gives a part of the index whenever one is whole. */
export class IndexBuilder {
  #entries: Buffer[] = [];

  /** The part of the index that ends with this entry. */
  add({ name, rows, bytes }: PartEntry): Uint8Array | undefined {
    const entry = Buffer.alloc(ENTRY_BYTES);
    entry.write(name, "hex");
    entry.writeUInt32LE(rows, NAME_BYTES);
    entry.writeUInt32LE(bytes, NAME_BYTES + 4);
    this.#entries.push(entry);
    const isEnd = entry.readUInt32BE(0) >>> (32 - END_BITS) === 0;
    return isEnd || this.#entries.length === ENTRIES_MAX ? this.end() : undefined;
  }

  /** What is left. */
  end(): Uint8Array | undefined {
    if (this.#entries.length === 0) return undefined;
    const part = Buffer.concat(this.#entries);
    this.#entries = [];
    return part;
  }
}

/** The entries in a part of an index. Throws `corrupt`. */
export function indexEntries(part: Uint8Array): PartEntry[] {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  const entries: PartEntry[] = [];
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const isWhole = at + ENTRY_BYTES <= bytes.length;
    const entry = isWhole && {
      name: bytes.toString("hex", at, at + NAME_BYTES),
      rows: bytes.readUInt32LE(at + NAME_BYTES),
      bytes: bytes.readUInt32LE(at + NAME_BYTES + 4),
    };
    if (!entry || entry.bytes > PART_BYTES_MAX)
      throw new MurmurationError("corrupt", "the index of a backup is damaged");
    entries.push(entry);
  }
  return entries;
}
