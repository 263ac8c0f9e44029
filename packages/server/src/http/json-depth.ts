const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function startsNumber(byte: number | undefined): boolean {
  return byte !== undefined && (byte === 0x2d || (byte >= 0x30 && byte <= 0x39));
}

/** Position of the byte at or after `from`, or the end. Asked with growing `from`, it reads each byte once. */
function nextOf(bytes: Buffer, byte: number): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      const position = bytes.indexOf(byte, from);
      found = position === -1 ? bytes.length : position;
    }
    return found;
  };
}

function skipString(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (; i < bytes.length && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
  return i;
}

/**
 * Does JSON text nest deeper than `depthMax`? Reads the text once without building anything: a parser may spend seconds and
 * a gigabyte on 32 MiB of brackets. Vectors are skipped at the speed of `indexOf`. Broken JSON gives either answer.
 */
export function nestsDeeperThan(bytes: Buffer, depthMax: number): boolean {
  const next = {
    quote: nextOf(bytes, quote),
    open: nextOf(bytes, openBracket),
    brace: nextOf(bytes, openBrace),
    close: nextOf(bytes, closeBracket),
  };
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === quote) i = skipString(bytes, i);
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthMax) return true;
      if (byte === openBrace || !startsNumber(bytes[i + 1])) continue;
      const close = next.close(i + 1);
      if (next.open(i + 1) < close || next.brace(i + 1) < close || next.quote(i + 1) < close) continue;
      depth--;
      i = close;
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
  return false;
}
