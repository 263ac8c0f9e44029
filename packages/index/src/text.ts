import { MurmurationError } from "./errors.js";
import { isJsonObject, type Json } from "./payload/json.js";

const LONE_SURROGATE = /\p{Surrogate}/u;
/** Fatal: what is not UTF-8 is an error and no U+FFFD. `ignoreBOM`: a byte order mark is a character like any other. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text or a key for a message: quoted and escaped, so that what is shown is well-formed itself. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function refuse(text: string, field: string, what: string): never {
  const at = text.search(LONE_SURROGATE);
  const character = text.charCodeAt(at).toString(16).toUpperCase();
  throw new MurmurationError(
    "format",
    `${what} ${quoted(text)} is not well-formed Unicode: lone surrogate U+${character} at index ${at}`,
    field,
  );
}

/**
 * The one rule for names, keys, paths, ids and values: text that is well-formed Unicode is kept to the byte, any other is refused, for
 * it has no UTF-8. Answers the text as it is. Throws `format`, naming `field` and the index of the first lone surrogate.
 */
export function requireWellFormed(text: string, field: string): string {
  return text.isWellFormed() ? text : refuse(text, field, "the text");
}

/**
 * The same for every key and string of a JSON value. `field` names the value; the error names the place inside of it, as
 * `payload.a.b[3]`. The caller bounds the depth.
 */
export function requireWellFormedJson(value: Json, field: string): void {
  if (typeof value === "string") {
    requireWellFormed(value, field);
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i] as Json;
      if (typeof item === "string" ? !item.isWellFormed() : typeof item === "object" && item !== null)
        requireWellFormedJson(item, `${field}[${i}]`);
    }
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (!key.isWellFormed()) refuse(key, field, "the key");
      if (typeof item === "string" ? !item.isWellFormed() : typeof item === "object" && item !== null)
        requireWellFormedJson(item, field === "" ? key : `${field}.${key}`);
    }
  }
}

/** The text of these UTF-8 bytes, byte order marks included. Throws `corrupt`, naming `what`, when they are not UTF-8. */
export function textFromUtf8(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new MurmurationError("corrupt", `${what}: a text is not UTF-8`, undefined, cause);
  }
}
