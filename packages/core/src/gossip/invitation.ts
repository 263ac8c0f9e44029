import { Buffer } from "node:buffer";
import { MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";

/** Lets one replica into a cluster, once, until it ends. Whoever holds it can use it: it is a secret. */
export interface Invitation {
  readonly cluster: string;
  /** The member that made it, and that lets in whoever proves to have it. */
  readonly member: number;
  /** Of that member's public key. */
  readonly fingerprint: string;
  /** Names it among those of its maker. */
  readonly name: string;
  /** By the maker's clock. */
  readonly endsMs: number;
  /** What a joiner and the maker have in common, and nobody else. */
  readonly secret: Uint8Array;
}

const VERSION = 1;
const PREFIX = "murmur-invitation-";
const WHAT = "invitation";

/** As a text to be handed on: letters, digits, `-` and `_`. */
export function invitationText({ cluster, member, fingerprint, name, endsMs, secret }: Invitation): string {
  const bytes = encodeMessage([VERSION, cluster, member, fingerprint, name, endsMs, secret]);
  return PREFIX + Buffer.from(bytes).toString("base64url");
}

/** The invitation of a text. Throws `validation`, without telling what the text is. */
export function readInvitation(text: string): Invitation {
  try {
    if (!text.startsWith(PREFIX) || text.length > limits.invitationCharactersMax) refuseMessage(WHAT);
    const bytes = Buffer.from(text.slice(PREFIX.length), "base64url");
    const fields = new FieldReader(decodeMessage(bytes, WHAT), WHAT);
    if (fields.integer() !== VERSION) refuseMessage(WHAT);
    const invitation = {
      cluster: fields.text(),
      member: fields.origin(),
      fingerprint: fields.text(),
      name: fields.text(),
      endsMs: fields.integer(),
      secret: fields.bytes().slice(),
    };
    fields.end();
    return invitation;
  } catch (cause) {
    throw new MurmurationError("validation", "it is no invitation, or not all of one", WHAT, cause);
  }
}

/** Of what its maker makes the secret of an invitation. */
export function secretLabel({ cluster, name, endsMs }: Pick<Invitation, "cluster" | "name" | "endsMs">): Uint8Array {
  return encodeMessage([WHAT, cluster, name, endsMs]);
}
