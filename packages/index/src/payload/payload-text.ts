import { MurmurationError } from "../errors.js";
import { parseJsonExactly, printJson } from "../json-text.js";
import { textFromUtf8 } from "../text.js";
import { isJsonObject, type Json, type Payload } from "./json.js";

/**
 * A payload as the text that answers print, and that is kept under its key. `parsePayload` makes an equal payload of it, keys in the same order:
 * a canonical payload holds no −0, and a `bigint` only where a double does not hold the integer.
 */
export function printPayload(payload: Payload): string {
  return printJson(payload);
}

/** The payload of a text made by `printPayload`, or of its UTF-8. Throws `corrupt` for what is not JSON, or no object. */
export function parsePayload(text: string | Uint8Array): Payload {
  let value: Json;
  try {
    value = parseJsonExactly(typeof text === "string" ? text : textFromUtf8(text, "payload")) as Json;
  } catch (cause) {
    if (cause instanceof MurmurationError) throw cause;
    throw new MurmurationError("corrupt", "payload: the text is not JSON", undefined, cause);
  }
  if (!isJsonObject(value)) throw new MurmurationError("corrupt", "payload: the text is not a JSON object");
  return value;
}
