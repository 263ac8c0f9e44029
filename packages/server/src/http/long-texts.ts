import { textBytesReadHere } from "./http-limits.js";

/** What the key of a model begins with, as it is or with its letters escaped: no encoder escapes those, but a body may. */
const MODEL = '"model"';
const ESCAPED_LETTER = "\\u006";

/**
 * May a body have texts that take long to be made vectors of, a microsecond or more a word? Says so of some that have none, never the other way
 * round: a text becomes a vector only beside the name of a model.
 */
export function mayHoldLongTexts(bytes: Buffer): boolean {
  return bytes.length > textBytesReadHere && (bytes.includes(MODEL) || bytes.includes(ESCAPED_LETTER));
}
