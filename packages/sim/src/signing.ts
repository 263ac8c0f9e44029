import { crc32 } from "node:zlib";
import type { Signing } from "@murmuration/core";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Two checksums from beginnings that the secret decides: cheap, and nobody in the simulator makes them who has not been given it. */
function keyed(secret: Uint8Array, bytes: Uint8Array): Uint8Array {
  const first = crc32(secret);
  return new Uint8Array(Uint32Array.of(crc32(bytes, first), crc32(bytes, crc32(secret, first))).buffer);
}

/** The private key to a public one. Only `simulatedSigning` asks for it: attackers of the simulator have their own. */
const privateKey = (publicKey: string) => bytesOf(`private key of ${publicKey}`);

const isSame = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The public key that a replica of this name begins with. */
export function firstKeyOf(name: string): string {
  return `key-of-${name}-1`;
}

/** Keys of a replica that outlive its process, as files do. */
export function simulatedSigning(name: string): Signing {
  let made = 1;
  const keys = [firstKeyOf(name)];
  const own = () => privateKey(keys.at(-1) ?? "");
  return {
    publicKeys: () => [...keys],
    sign: (bytes) => keyed(own(), bytes),
    verify: (key, bytes, signature) => isSame(keyed(privateKey(key), bytes), signature),
    fingerprint: (key) => `fingerprint of ${key}`,
    authenticate: keyed,
    secretOf: (label) => keyed(bytesOf(`secret of ${keys.at(-1)}`), label),
    renew: () => {
      if (keys.length === 1) keys.unshift(`key-of-${name}-${++made}`);
    },
    adopt: () => {
      keys.length = 1;
    },
  };
}
