import { crc32 } from "node:zlib";
import { assert } from "@murmuration/index";
import { isOrigin } from "../causality/dot.js";
import { limits } from "../limits.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { isPlanted } from "../planted.js";
import type { Envelope, Message } from "./message.js";
import { type MessageFormat, messageFormats } from "./message-formats.js";
import type { Stamp } from "./replay-window.js";

export type * from "./message.js";

/** First byte of a message that is not signed, and of one that is. A reader refuses any other. */
export const envelopeVersion = 1;
export const sealedEnvelopeVersion = 2;

const formatByNumber = new Map<number, MessageFormat<Message>>(
  Object.values(messageFormats).map((format) => [format.number, format as MessageFormat<Message>]),
);

// u8 version, u32 crc32 of all that follows, then msgpack: cluster, from, to, kind, fields of the kind.
// Signed: u8 version, u32 crc32 of all that follows, u8 length of the signature, the signature, then what is signed.
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const WHAT = "message";
/** A signature of a message is one of nothing else. */
const SIGNED = "murmuration message";

/** What makes a message its sender's. */
export interface Sealing extends Stamp {
  readonly sign: (signed: Uint8Array) => Uint8Array;
}

/** The message as bytes (docs/wire-format.md), signed where it is to be. */
export function encodeEnvelope({ cluster, from, to, message }: Envelope, sealing?: Sealing): Uint8Array {
  assert(isOrigin(from) && (to === 0 || isOrigin(to)), "a message is from a replica to one or to all");
  assert(cluster.length <= limits.clusterNameCharactersMax, "a cluster's name is within its bound");
  const format = messageFormats[message.kind] as MessageFormat<Message>;
  const fields = [cluster, from, to, format.number, ...format.write(message)];
  if (sealing === undefined) return sealed(envelopeVersion, new Uint8Array(0), encodeMessage(fields));
  const { session, count, sign } = sealing;
  const body = encodeMessage([SIGNED, session, count, ...fields]);
  const signature = sign(body);
  assert(signature.byteLength <= limits.signatureBytesMax, "a signature is within its bound");
  return sealed(sealedEnvelopeVersion, Uint8Array.of(signature.byteLength, ...signature), body);
}

function sealed(version: number, head: Uint8Array, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BODY_AT + head.byteLength + body.byteLength);
  assert(bytes.byteLength <= limits.messageBytesMax, "a message is within its bound");
  bytes[0] = version;
  bytes.set(head, BODY_AT);
  bytes.set(body, BODY_AT + head.byteLength);
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32(bytes.subarray(BODY_AT)), true);
  return bytes;
}

/**
 * The message of bytes made by `encodeEnvelope`. Binaries in it are views of `bytes`. Throws `corrupt` for anything else. Whose signature it
 * bears is for the receiver to look at.
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.byteLength > limits.messageBytesMax) refuseMessage(`${WHAT}: over ${limits.messageBytesMax} bytes`);
  if (bytes.byteLength <= BODY_AT) refuseMessage(`${WHAT}: cut short`);
  const [version] = bytes;
  if (version !== envelopeVersion && version !== sealedEnvelopeVersion)
    refuseMessage(`${WHAT}: format version ${version} is not known`);
  const rest = bytes.subarray(BODY_AT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(CHECKSUM_AT, true) !== crc32(rest) && !isPlanted("no-checksum"))
    refuseMessage(`${WHAT}: the checksum does not match`);
  if (version === envelopeVersion) return readEnvelope(new FieldReader(decodeMessage(rest, WHAT), WHAT));
  const signedAt = 1 + (rest[0] as number);
  if (rest.byteLength <= signedAt) refuseMessage(`${WHAT}: cut short`);
  const signed = rest.subarray(signedAt);
  const fields = new FieldReader(decodeMessage(signed, WHAT), WHAT);
  if (fields.text() !== SIGNED) refuseMessage(`${WHAT}: what is signed is something else`);
  const session = fields.integer();
  const count = fields.integer();
  if (session < 1 || count < 1) refuseMessage(`${WHAT}: it is none of its sender's`);
  return { ...readEnvelope(fields), seal: { session, count, signature: rest.subarray(1, signedAt), signed } };
}

function readEnvelope(fields: FieldReader): Envelope {
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
