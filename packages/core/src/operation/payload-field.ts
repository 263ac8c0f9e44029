import { assert, type Payload } from "@murmuration/index";
import { canonicalPayload } from "./canonical-payload.js";

/** A payload as it travels. Its writer has made it canonical: what is applied here is what every replica reads back. */
export function payloadToField(payload: Payload): Payload {
  assert(canonicalPayload(payload) === payload, "a payload is canonical before it is written");
  return payload;
}
