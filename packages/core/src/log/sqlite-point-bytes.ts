import { crcOfBytes, crcOfText } from "./short-crc.js";

/** A state of more bytes is not in the text, and is looked at by itself. */
const SHORT_STATE = 4_096;

// The numbers before a row's id and state, in hexadecimal digits: the lengths of both, the payload's key and the checksum.
const ID_DIGITS = 2;
const STATE_DIGITS = 8;
const PAYLOAD_DIGITS = 10;
const CHECKSUM_DIGITS = 8;
const HEAD_DIGITS = ID_DIGITS + STATE_DIGITS + PAYLOAD_DIGITS + CHECKSUM_DIGITS;

/** The payload's key; a number of too many digits in a row with a value of another type than it is written with. */
const RIGHT_TYPES = `CASE WHEN typeof(state) = 'blob' AND typeof(payload) = 'integer' AND typeof(checksum) = 'integer' THEN payload ELSE -1 END`;

/**
 * Many points as one value: handing each over as an object takes three times as long as all that is done with it. As text until it is whole, since that is what SQLite
 * puts together; nothing in it is converted.
 */
export const POINT_BYTES = `
  SELECT count(*) AS count, max(id) AS last, CAST(group_concat(CAST(
    CAST(printf('%0${ID_DIGITS}x%0${STATE_DIGITS}x%0${PAYLOAD_DIGITS}x%0${CHECKSUM_DIGITS}x', length(id), length(state), ${RIGHT_TYPES}, checksum) AS BLOB)
    || id || CASE WHEN length(state) <= ${SHORT_STATE} THEN state ELSE x'' END AS TEXT), '') AS BLOB) AS bytes
  FROM (SELECT * FROM points WHERE shard = ? AND id > ? ORDER BY id LIMIT ?)`;

/** Some points of a shard behind an id. */
export interface PointBytes {
  readonly count: number;
  /** The last id of them; `null` where there is none. */
  readonly last: Uint8Array | null;
  readonly bytes: Uint8Array | null;
}

/**
 * The checksums of these points, each of which is that of its row. `undefined` where one is not, or where they are not as many as the table
 * has. `isIntact`: looks at the one point whose state is too long.
 */
export function intactChecksums(
  shard: number,
  { count, bytes }: PointBytes,
  isIntact: (id: Uint8Array, checksum: number) => boolean,
): number[] | undefined {
  const checksums: number[] = [];
  const text = bytes ?? new Uint8Array(0);
  for (let at = 0; at < text.byteLength; ) {
    const idAt = at + HEAD_DIGITS;
    const id = numberAt(text, at, ID_DIGITS);
    const state = numberAt(text, at + ID_DIGITS, STATE_DIGITS);
    const payload = numberAt(text, at + ID_DIGITS + STATE_DIGITS, PAYLOAD_DIGITS);
    const checksum = numberAt(text, idAt - CHECKSUM_DIGITS, CHECKSUM_DIGITS);
    const isShort = state <= SHORT_STATE;
    const end = idAt + id + (isShort ? state : 0);
    if (!(end <= text.byteLength)) return undefined;
    const isRight = isShort
      ? crcOfBytes(text, idAt, end, crcOfText(`${shard}:${payload}`)) === checksum
      : isIntact(text.slice(idAt, end), checksum);
    if (!isRight) return undefined;
    checksums.push(checksum);
    at = end;
  }
  return checksums.length === count ? checksums : undefined;
}

/** NaN for what is no number. */
function numberAt(text: Uint8Array, from: number, digits: number): number {
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const code = text[at] ?? 0;
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isDigit && !(code >= 0x61 && code <= 0x66)) return Number.NaN;
    value = value * 16 + (isDigit ? code - 0x30 : code - 0x57);
  }
  return value;
}
