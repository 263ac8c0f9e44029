import { createHash } from "node:crypto";
import { isOrigin } from "@murmuration/core";

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

/**
 * Ways of a message, each with its sender as the last token of the subject, so that a broker can say who may publish there
 * (docs/nats.md). `live`: operations, in the stream of the sender's region; `all`: to all, at the sender's own broker; `visit`: the same at
 * the brokers of other regions; `to`: to one replica.
 */
export type Way = "live" | "all" | "visit" | "to";

/** The subjects and the stream of a cluster (docs/nats.md). */
export interface Subjects {
  readonly stream: string;
  /** Of every sender, to be subscribed to. */
  readonly live: string;
  readonly all: string;
  readonly visit: string;
  toMe(receiver: number): string;
  /** Of one sender, to publish to. */
  of(way: Exclude<Way, "to">, sender: number): string;
  to(receiver: number, sender: number): string;
}

export function subjectsOf(cluster: string): Subjects {
  const token = clusterToken(cluster);
  return {
    stream: `murmur_${token}`,
    live: `murmur.${token}.live.*`,
    all: `murmur.${token}.all.*`,
    visit: `murmur.${token}.visit.*`,
    toMe: (receiver) => `murmur.${token}.to.${receiver}.*`,
    of: (way, sender) => `murmur.${token}.${way}.${sender}`,
    to: (receiver, sender) => `murmur.${token}.to.${receiver}.${sender}`,
  };
}

/** Who sent a message, and which way it came. */
export interface Provenance {
  readonly way: Way;
  readonly sender: number;
}

/** Reads a subject of a cluster; `undefined`: it is none on which `receiver` is sent messages. */
export function provenanceOf(subjects: Subjects, subject: string, receiver: number): Provenance | undefined {
  const last = subject.slice(subject.lastIndexOf(".") + 1);
  const sender = Number(last);
  if (!isOrigin(sender) || String(sender) !== last) return undefined;
  for (const way of ["live", "all", "visit"] as const) if (subject === subjects.of(way, sender)) return { way, sender };
  return subject === subjects.to(receiver, sender) ? { way: "to", sender } : undefined;
}
