/** Bytes that one message may take here; what needs more is written by `encodeMessage`. */
const ROOM_BYTES = 4_096;
const NAME_MAX = 31;

/**
 * Writes lists, integers from 0 and short names to the byte as `encodeMessage` does: for what is written with every point, in a fraction of its time. One
 * message at a time; what it cannot write makes `take` give nothing.
 */
export class PackedWriter {
  readonly #bytes = new Uint8Array(ROOM_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #fits = true;

  /** What was written since the last call; `undefined` where it is not all. */
  take(): Uint8Array | undefined {
    const taken = this.#fits ? this.#bytes.slice(0, this.#at) : undefined;
    [this.#at, this.#fits] = [0, true];
    return taken;
  }

  /** The head of a list: its items follow. */
  list(items: number): void {
    if (items < 16) return this.#byte(0x90 | items);
    if (items >= 0x10000) this.#fits = false;
    this.#byte(0xdc);
    this.#byte(items >>> 8);
    this.#byte(items & 0xff);
  }

  count(value: number): void {
    if (this.#at + 9 > ROOM_BYTES) {
      this.#fits = false;
    } else if (value < 0x80) {
      this.#byte(value);
    } else if (value < 0x100) {
      this.#byte(0xcc);
      this.#byte(value);
    } else if (value < 0x10000) {
      this.#byte(0xcd);
      this.#view.setUint16(this.#at, value);
      this.#at += 2;
    } else if (value < 2 ** 32) {
      this.#byte(0xce);
      this.#view.setUint32(this.#at, value);
      this.#at += 4;
    } else {
      this.#byte(0xcb);
      this.#view.setFloat64(this.#at, value);
      this.#at += 8;
    }
  }

  name(text: string): void {
    if (text.length > NAME_MAX) this.#fits = false;
    this.#byte(0xa0 | text.length);
    for (let i = 0; i < text.length && this.#fits; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) this.#fits = false;
      this.#byte(code);
    }
  }

  #byte(value: number): void {
    if (this.#at < ROOM_BYTES) this.#bytes[this.#at++] = value;
    else this.#fits = false;
  }
}
