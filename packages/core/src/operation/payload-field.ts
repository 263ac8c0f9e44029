import { assert, type Payload } from "@murmuration/index";
import { isPlanted } from "../planted.js";
import { canonicalPayload } from "./canonical-payload.js";

/** A payload as it travels. Its writer has made it canonical: what is applied here is what every replica reads back. */
export function payloadToField(payload: Payload): Payload {
  if (isPlanted("writes-other-text")) return JSON.parse(JSON.stringify(payload).normalize()) as Payload;
  assert(canonicalPayload(payload) === payload, "a payload is canonical before it is written");
  return payload;
}
