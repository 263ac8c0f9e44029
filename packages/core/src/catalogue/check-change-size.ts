import { limits } from "../limits.js";

/** Before the contents of a chunk: 4 bytes that say Automerge, 4 of a checksum, 1 kind. */
const LENGTH_AT = 9;
const HASH_BYTES = 32;
/** Bits of a column's specification: what kind of values it holds, and whether they are deflated. */
const KIND_BITS = 7;
const DEFLATED_BIT = 8;
const [GROUP, DELTA, BOOLEAN, TEXT, RAW] = [0, 3, 4, 5, 7];
/** Edits and characters that a change may say for each of its bytes. Honest ones name a key for each edit. */
const PER_BYTE_MAX = 4;

/** Numbers of a change, read in turn. All that is wrong is said by throwing. */
class Bytes {
  at: number;
  readonly end: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isOver(): boolean {
    return this.at >= this.end;
  }

  /** LEB128 of 64 bits as a double: beyond 2^53 it is roughly that. */
  number(isSigned = false): number {
    let [value, scale] = [0, 1];
    for (let i = 0; i < 10 && this.at < this.end; i++) {
      const byte = this.#bytes[this.at++] as number;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return isSigned && (byte & 64) !== 0 ? value - scale : value;
    }
    throw new RangeError("a number does not end");
  }

  skip(bytes: number): void {
    if (!(bytes <= this.end - this.at)) throw new RangeError("it ends too early");
    this.at += bytes;
  }

  part(bytes: number): Bytes {
    const start = this.at;
    this.skip(bytes);
    return new Bytes(this.#bytes, start, this.at);
  }
}

/**
 * What is wrong with the size of a change; `undefined`: nothing. A few bytes can say a thousand million edits, since columns hold runs:
 * what they say is added up here, without making it. The format: https://automerge.org/automerge-binary-format-spec/, "change chunks".
 */
export function problemOfChangeSize(change: Uint8Array): string | undefined {
  try {
    const chunk = new Bytes(change, LENGTH_AT, change.byteLength);
    const contents = chunk.part(chunk.number());
    if (!chunk.isOver) return "a change is followed by something";
    const most = Math.min(limits.catalogueChangeEditsMax, PER_BYTE_MAX * change.byteLength);
    for (const { kind, column } of columnsOf(contents)) {
      const { values, sum } = sizeOf(kind, column, most);
      if (values > most || sum > PER_BYTE_MAX * change.byteLength) return `a change says more than ${most} edits`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return `a change is damaged: ${error.message}`;
    throw error;
  }
}

function columnsOf(contents: Bytes): { readonly kind: number; readonly column: Bytes }[] {
  contents.skip(contents.number() * HASH_BYTES); // what it builds on
  contents.skip(contents.number()); // its actor
  contents.number(); // its sequence
  contents.number(); // its first edit
  contents.number(true); // its time
  contents.skip(contents.number()); // its message
  for (let actors = contents.number(); actors > 0; actors--) contents.skip(contents.number());
  const described: { readonly kind: number; readonly bytes: number }[] = [];
  for (let columns = contents.number(); columns > 0; columns--) {
    const specification = contents.number();
    if ((specification & DEFLATED_BIT) !== 0) throw new RangeError("a column is deflated");
    described.push({ kind: specification & KIND_BITS, bytes: contents.number() });
  }
  return described.map(({ kind, bytes }) => ({ kind, column: contents.part(bytes) }));
}

interface ColumnSize {
  readonly values: number;
  /** Of texts their bytes, of groups their members: what the values make together. */
  readonly sum: number;
}

/** What a column says; it is not read on once that is more than `most` values. */
function sizeOf(kind: number, column: Bytes, most: number): ColumnSize {
  let [values, sum] = [0, 0];
  if (kind === RAW) return { values, sum };
  const value = (): number => {
    const number = column.number(kind === DELTA);
    if (kind === TEXT) column.skip(number);
    return kind === TEXT || kind === GROUP ? number : 0;
  };
  while (!column.isOver && values <= most) {
    if (kind === BOOLEAN) {
      values += column.number();
      continue;
    }
    // how often the next value stands there, how many follow one by one (below 0), or how many are null (after 0)
    const run = column.number(true);
    if (run > 0) sum += run * value();
    for (let i = run; i < 0; i++) sum += value();
    values += run === 0 ? column.number() : Math.abs(run);
  }
  return { values, sum };
}
