import { crc32 } from "node:zlib";
import { MurmurationError } from "@murmuration/index";
import { covers, emptyVersionVector, mergeVersionVectors, type VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { versionVectorToField } from "../operation/version-vector-field.js";

/** By shard: what a session has written and seen. */
export type SessionToken = ReadonlyMap<string, VersionVector>;

/** First byte of every token. A reader refuses any other. */
export const tokenVersion = 1;

// u8 version, u32 crc32 of all that follows, then msgpack: shards and frontiers in turn, by shard.
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const WHAT = "session token";

const byShard = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);

/** The token as base64url text. Equal tokens give equal texts. */
export function encodeToken(token: SessionToken): string {
  const entries = [...token].filter(([, frontier]) => frontier.size > 0).sort(byShard);
  const body = encodeMessage(entries.flatMap(([shard, frontier]) => [shard, versionVectorToField(frontier)]));
  const bytes = Buffer.alloc(BODY_AT + body.byteLength);
  bytes[0] = tokenVersion;
  bytes.set(body, BODY_AT);
  bytes.writeUInt32LE(crc32(body), CHECKSUM_AT);
  return bytes.toString("base64url");
}

/** The token of a text made by `encodeToken`. Throws `format` naming `header`, where the text was found, for anything else. */
export function decodeToken(text: string, header: string): SessionToken {
  const refuse = (problem: string): never => {
    throw new MurmurationError("format", `${header}: not a session token (${problem})`, header);
  };
  if (text.length > limits.tokenCharactersMax) refuse(`over ${limits.tokenCharactersMax} characters`);
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) refuse("not base64url");
  if (bytes.byteLength <= BODY_AT) refuse("cut short");
  if (bytes[0] !== tokenVersion) refuse(`version ${bytes[0]} is not known`);
  const body = bytes.subarray(BODY_AT);
  if (bytes.readUInt32LE(CHECKSUM_AT) !== crc32(body)) refuse("the checksum does not match");
  try {
    return readBody(body);
  } catch (error) {
    if (error instanceof MurmurationError && error.code === "corrupt") return refuse(error.message);
    throw error;
  }
}

/** What either of the two has seen. */
export function mergeTokens(a: SessionToken, b: SessionToken): SessionToken {
  const merged = new Map(a);
  for (const [shard, frontier] of b) {
    merged.set(shard, mergeVersionVectors(merged.get(shard) ?? emptyVersionVector, frontier));
  }
  return merged;
}

/**
 * Does a replica with these frontiers hold what the token has seen of the shards that a request reads? Others do not matter: their
 * collections may be deleted.
 */
export function isCovered(
  frontiers: ReadonlyMap<string, VersionVector>,
  token: SessionToken,
  shards: Iterable<string> = token.keys(),
): boolean {
  for (const shard of shards) {
    if (!covers(frontiers.get(shard) ?? emptyVersionVector, token.get(shard) ?? emptyVersionVector)) return false;
  }
  return true;
}

function readBody(body: Uint8Array): SessionToken {
  const list = decodeMessage(body, WHAT);
  const fields = new FieldReader(list, WHAT);
  const token = new Map<string, VersionVector>();
  for (let at = 0; at < (list as unknown[]).length; at += 2) token.set(fields.text(), fields.versionVector());
  return token;
}
