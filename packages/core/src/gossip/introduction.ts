import { encodeMessage } from "../operation/message.js";
import type { AdmittedMessage, IntroduceMessage } from "./message.js";
import type { Signing } from "./signing.js";

/** What a replica says of itself that asks to be let in, without proof. */
export type Introduction = Omit<IntroduceMessage, "proof">;

/** That who asks to be let in has this secret: `from` is its id. */
export function proofOfIntroduction(
  signing: Pick<Signing, "authenticate">,
  secret: Uint8Array,
  cluster: string,
  from: number,
  { keys, region, url, invitation, endsMs }: Introduction,
): Uint8Array {
  const said = ["introduce", cluster, from, keys, region, url ?? "", invitation, endsMs];
  return signing.authenticate(secret, encodeMessage(said));
}

/** Who lets in whom, and the keys by which that one asked. */
export interface AdmittedBy {
  readonly from: number;
  readonly to: number;
  readonly keys: readonly string[];
}

/** That who lets a replica in has this secret. */
export function proofOfAdmission(
  signing: Pick<Signing, "authenticate">,
  secret: Uint8Array,
  cluster: string,
  { from, to, keys: asked }: AdmittedBy,
  { invitation, keys }: Pick<AdmittedMessage, "invitation" | "keys">,
): Uint8Array {
  const said = ["admitted", cluster, from, to, asked, invitation, [...keys.keys()], [...keys.values()]];
  return signing.authenticate(secret, encodeMessage(said));
}
