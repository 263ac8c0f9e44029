import { createHash, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { median } from "./harness.js";

/** Bytes of a batch of 100 upserts of 100 dimensions with their edges, and of a heartbeat in a cluster of three, about. */
const BATCH_BYTES = 56 * 1024;
const HEARTBEAT_BYTES = 320;
const ROUNDS = 9;
const PER_ROUND = 100;

/** Processor time of one, in microseconds: the least that a busy machine leaves undisturbed is told by the median of rounds. */
function microseconds(one: () => unknown): number {
  one();
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < PER_ROUND; i++) one();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / PER_ROUND;
  });
  return median(rounds);
}

/** What it costs to sign a message between members, and to look at its signature, as `server/src/engine/member-key.ts` does. */
export function signatureCosts() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  return (
    [
      ["a batch", BATCH_BYTES],
      ["a heartbeat", HEARTBEAT_BYTES],
    ] as const
  ).map(([what, bytes]) => {
    const message = randomBytes(bytes);
    const signature = sign(null, digestOf(message), privateKey);
    return {
      what,
      signed: microseconds(() => sign(null, digestOf(message), privateKey)),
      verified: microseconds(() => verify(null, digestOf(message), publicKey, signature)),
    };
  });
}
