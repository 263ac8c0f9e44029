import { createHash, createHmac } from "node:crypto";
import type { Signing } from "../gossip/signing.js";

/** Private keys by public ones: who signs in a test is who has this. */
const privateKeys = new Map<string, string>();

/** Keys of one replica, cheap: a signature is a keyed hash, and whoever verifies one looks the key up. */
export function keyedSigning(name: string): Signing {
  let made = 0;
  const make = () => {
    const privateKey = `${name} ${made++}`;
    const publicKey = createHash("sha256").update(privateKey).digest("base64url");
    privateKeys.set(publicKey, privateKey);
    return publicKey;
  };
  const keys = [make()];
  const hmac = (secret: string | Uint8Array, bytes: Uint8Array) => createHmac("sha256", secret).update(bytes).digest();
  const current = () => privateKeys.get(keys.at(-1) ?? "") ?? "";
  return {
    publicKeys: () => [...keys],
    sign: (bytes) => hmac(current(), bytes),
    verify: (key, bytes, signature) => {
      const privateKey = privateKeys.get(key);
      return privateKey !== undefined && hmac(privateKey, bytes).equals(signature);
    },
    fingerprint: (key) => key.slice(0, 16),
    authenticate: (secret, bytes) => hmac(secret, bytes),
    secretOf: (label) => hmac(`secret of ${current()}`, label),
    renew: () => {
      if (keys.length === 1) keys.unshift(make());
    },
    adopt: () => {
      keys.length = 1;
    },
  };
}
