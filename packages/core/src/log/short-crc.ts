const POLYNOMIAL = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? POLYNOMIAL ^ (word >>> 1) : word >>> 1;
  return word;
});

/** `crc32` of the bytes from a place up to another, without a call of the runtime: for some ten of them. */
export function crcOfBytes(bytes: Uint8Array, from: number, to: number, before = 0): number {
  let word = ~before;
  for (let at = from; at < to; at++) word = (table[(word ^ (bytes[at] as number)) & 0xff] as number) ^ (word >>> 8);
  return ~word >>> 0;
}

/** The same of a text of ASCII. */
export function crcOfText(text: string, before = 0): number {
  let word = ~before;
  for (let at = 0; at < text.length; at++) word = (table[(word ^ text.charCodeAt(at)) & 0xff] as number) ^ (word >>> 8);
  return ~word >>> 0;
}
