import type { Payload } from "@murmuration/index";
import { canonicalPayload } from "./canonical-payload.js";
import { decodeMessage, encodeMessage } from "./message.js";
import { refuseMessage } from "./refuse-message.js";

/** The state of a point with its payload in it: of checkpoints and messages, and of the log's rows up to schema 5. */
export const wholeStateVersion = 1;
/** The same without its payload: of the log's rows since schema 6. */
export const apartStateVersion = 2;

/** Fields of a state with its payload, and which of them that is. */
const FIELDS = 14;
const PAYLOAD_FIELD = 9;

/** The fields of a state with its payload as the bytes of one without. */
export function encodeApart(fields: readonly unknown[]): Uint8Array {
  return encodeMessage([apartStateVersion, ...fields.slice(1, PAYLOAD_FIELD), ...fields.slice(PAYLOAD_FIELD + 1)]);
}

/** Takes the payload out of a state that has it in it. Throws `corrupt` for bytes that are none. */
export function splitState(bytes: Uint8Array, what: string): { readonly state: Uint8Array; readonly payload: Payload } {
  const fields = decodeMessage(bytes, what);
  if (!Array.isArray(fields) || fields.length !== FIELDS || fields[0] !== wholeStateVersion) {
    return refuseMessage(`${what}: not the state of a point`);
  }
  const payload: unknown = fields[PAYLOAD_FIELD];
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) {
    return refuseMessage(`${what}: not a payload`);
  }
  let canonical: Payload;
  try {
    canonical = canonicalPayload(payload as Payload);
  } catch (cause) {
    return refuseMessage(`${what}: ${(cause as Error).message}`, cause);
  }
  if (canonical !== payload) return refuseMessage(`${what}: a number of the payload is not in its canonical form`);
  return { state: encodeApart(fields), payload: payload as Payload };
}
