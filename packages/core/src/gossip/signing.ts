/**
 * Port: the keys of this replica, and what signatures are made and looked at by. Synchronous, and given from outside, as clock and log are. Keys are
 * texts, as they stand in the catalogue.
 */
export interface Signing {
  /** The public keys of this replica, newest first. What it signs is signed with the last. */
  publicKeys(): readonly string[];
  sign(bytes: Uint8Array): Uint8Array;
  /** Never throws, whatever the key and the signature are. */
  verify(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean;
  /** Names a public key in few characters: who knows it can tell whether a key is that one. */
  fingerprint(publicKey: string): string;
  /** A keyed hash: nobody makes it without the secret. */
  authenticate(secret: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** A secret that nobody but this replica can make of this label, and that it makes again as long as it has its key. */
  secretOf(label: Uint8Array): Uint8Array;
  /** Makes a new key, which is told to the others beside the one that signs; does nothing where there is one already. */
  renew(): void;
  /** The new key signs from now on, and the old one is gone. Throws `storage` where it cannot be kept. */
  adopt(): void;
}

/** Are these the same bytes? Takes as long wherever they differ. */
export function isSameProof(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  let difference = 0;
  for (let at = 0; at < a.byteLength; at++) difference |= (a[at] as number) ^ (b[at] as number);
  return difference === 0;
}
