import { decodeToken, encodeToken, type SessionToken } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { sessionTokenCharactersMax } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";

/** The token that a request brings in its header, if any. Throws `format` for one that is none, or too long. */
export function tokenOf(text: string | readonly string[] | undefined): SessionToken | undefined {
  if (text === undefined || text === "") return undefined;
  const name = murmurHeaders.token;
  if (typeof text !== "string") throw new MurmurationError("format", `${name}: given more than once`, name);
  if (text.length > sessionTokenCharactersMax) {
    const message = `${name}: over ${sessionTokenCharactersMax} characters: too many collections for one session, begin a new one without it`;
    throw new MurmurationError("format", message, name);
  }
  return decodeToken(text, name);
}

/** Texts of tokens that many answers carry. */
const texts = new WeakMap<SessionToken, string>();

/** A token as the header of an answer. */
export function textOf(token: SessionToken): string {
  const known = texts.get(token);
  if (known !== undefined) return known;
  const text = encodeToken(token);
  texts.set(token, text);
  return text;
}
