import { crc32 } from "node:zlib";
import { assert } from "@murmuration/index";
import { isOrigin } from "../causality/dot.js";
import { limits } from "../limits.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import type { Envelope, Message } from "./message.js";
import { type MessageFormat, messageFormats } from "./message-formats.js";

export type * from "./message.js";

import { isPlanted } from "../planted.js";

/** First byte of every message. A reader refuses any other. */
export const envelopeVersion = 1;

const formatByNumber = new Map<number, MessageFormat<Message>>(
  Object.values(messageFormats).map((format) => [format.number, format as MessageFormat<Message>]),
);

// u8 version, u32 crc32 of all that follows, then msgpack: cluster, from, to, kind, fields of the kind.
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const WHAT = "message";

/** The message as bytes (docs/wire-format.md). */
export function encodeEnvelope({ cluster, from, to, message }: Envelope): Uint8Array {
  assert(isOrigin(from) && (to === 0 || isOrigin(to)), "a message is from a replica to one or to all");
  assert(cluster.length <= limits.clusterNameCharactersMax, "a cluster's name is within its bound");
  const format = messageFormats[message.kind] as MessageFormat<Message>;
  const body = encodeMessage([cluster, from, to, format.number, ...format.write(message)]);
  const bytes = new Uint8Array(BODY_AT + body.byteLength);
  assert(bytes.byteLength <= limits.messageBytesMax, "a message is within its bound");
  bytes[0] = envelopeVersion;
  bytes.set(body, BODY_AT);
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32(body), true);
  return bytes;
}

/** The message of bytes made by `encodeEnvelope`. Binaries in it are views of `bytes`. Throws `corrupt` for anything else. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.byteLength > limits.messageBytesMax) refuseMessage(`${WHAT}: over ${limits.messageBytesMax} bytes`);
  if (bytes.byteLength <= BODY_AT) refuseMessage(`${WHAT}: cut short`);
  if (bytes[0] !== envelopeVersion) refuseMessage(`${WHAT}: format version ${bytes[0]} is not known`);
  const body = bytes.subarray(BODY_AT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(CHECKSUM_AT, true) !== crc32(body) && !isPlanted("no-checksum"))
    refuseMessage(`${WHAT}: the checksum does not match`);
  const fields = new FieldReader(decodeMessage(body, WHAT), WHAT);
  const cluster = fields.text();
  if (cluster.length > limits.clusterNameCharactersMax) refuseMessage(`${WHAT}: the cluster's name is too long`);
  const from = fields.origin();
  const to = fields.integer();
  if (to !== 0 && !isOrigin(to)) refuseMessage(`${WHAT}: its receiver is not a replica id`);
  const kind = fields.integer();
  const format = formatByNumber.get(kind);
  if (format === undefined) refuseMessage(`${WHAT}: kind ${kind} is not known`);
  const message = format.read(fields);
  fields.end();
  return { cluster, from, to, message };
}
