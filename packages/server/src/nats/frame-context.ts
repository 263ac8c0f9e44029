import { MurmurationError } from "@murmuration/index";
import { headers, type MsgHdrs } from "nats";
import type { FrameSeal } from "./frame-seal.js";
import { natsLimits } from "./nats-limits.js";

/** Header of a publication: what goes along beside its messages (`Outgoing.context`). Members that do not know it pass over it. */
const CONTEXT_HEADER = "Murmuration-Context";
// As long as the head of a frame, so that it is sealed as one is: u8 version, u8 kind, u64 of zeros.
const HEAD = Buffer.from([1, 5, 0, 0, 0, 0, 0, 0, 0, 0]);

/** The headers that carry contexts, as they are sent by this replica; `undefined`: there is nothing to carry, or more than goes along. */
export function contextHeaders(
  contexts: readonly (string | undefined)[],
  seal: FrameSeal,
  sender: number,
): MsgHdrs | undefined {
  const text = contexts.filter((one) => one !== undefined).join("\n");
  if (text === "" || text.length > natsLimits.contextCharactersMax) return undefined;
  const sealed = seal.seal(Buffer.concat([HEAD, Buffer.from(text)]), sender);
  const carrying = headers();
  carrying.set(CONTEXT_HEADER, Buffer.from(sealed).toString("base64"));
  return carrying;
}

/** What headers carry that a sender has sent; `undefined`: nothing that can be read. */
export function contextIn(given: MsgHdrs | undefined, seal: FrameSeal, sender: number): string | undefined {
  const text = given?.get(CONTEXT_HEADER) ?? "";
  if (text === "" || text.length > natsLimits.contextHeaderCharactersMax) return undefined;
  try {
    const opened = seal.open(Buffer.from(text, "base64"), sender);
    return Buffer.from(opened.subarray(HEAD.length)).toString("utf8");
  } catch (error) {
    if (error instanceof MurmurationError) return undefined;
    throw error;
  }
}
