import { createHash } from "node:crypto";

const TOKEN_CHARACTERS_MAX = 128;

/**
 * A cluster's name as one token of a subject: different names give different tokens. Letters, digits, `-` and `_` stay; every other
 * byte of its UTF-8 becomes `=XX`. A long name becomes its hash, behind `=h`.
 */
export function clusterToken(cluster: string): string {
  const plain = [...Buffer.from(cluster, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
  if (plain.length > 0 && plain.length <= TOKEN_CHARACTERS_MAX) return plain;
  return `=h${createHash("sha256").update(cluster, "utf8").digest("hex")}`;
}

/** The subjects and the stream of a cluster (docs/nats.md). */
export interface Subjects {
  readonly stream: string;
  /** Live operations of every replica: what the stream takes. */
  readonly live: string;
  /** Control messages to all. */
  readonly all: string;
  liveOf(replica: number): string;
  allOf(replica: number): string;
  to(replica: number): string;
}

export function subjectsOf(cluster: string): Subjects {
  const token = clusterToken(cluster);
  return {
    stream: `murmur_${token}`,
    live: `murmur.${token}.live.*`,
    all: `murmur.${token}.all.*`,
    liveOf: (replica) => `murmur.${token}.live.${replica}`,
    allOf: (replica) => `murmur.${token}.all.${replica}`,
    to: (replica) => `murmur.${token}.to.${replica}`,
  };
}

/** The replica that published to a subject made by `liveOf` or `allOf`. */
export function senderOf(subject: string): number {
  return Number(subject.slice(subject.lastIndexOf(".") + 1));
}
