import { type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { numberMax } from "./audit-limits.js";
import type { Hash } from "./entry.js";

/**
 * The last line that was durable at a time: whoever keeps it apart from the log finds that lines were cut off its end, or that all of it was written anew.
 */
export interface AuditHead {
  /** The log that it is of. */
  readonly log: string;
  readonly number: number;
  readonly hash: Hash;
  readonly at: string;
  /** Of an Ed25519 key over all of these, in base64. */
  readonly signature?: string;
}

export const headName = "head.json";

function signedText({ log, number, hash, at }: AuditHead): Buffer {
  return Buffer.from(`murmuration audit head 1\n${log}\n${number}\n${hash}\n${at}\n`);
}

export function signHead(head: AuditHead, key: KeyObject): AuditHead {
  return { ...head, signature: sign(null, signedText(head), key).toString("base64") };
}

/** Is it signed by this key? */
export function isSignedBy(head: AuditHead, key: KeyObject): boolean {
  return head.signature !== undefined && verify(null, signedText(head), key, Buffer.from(head.signature, "base64"));
}

/** The head as a file holds it, a line of JSON. */
export function headText({ log, number, hash, at, signature }: AuditHead): string {
  return `${JSON.stringify({ log, n: number, hash, at, ...(signature === undefined ? {} : { signature }) })}\n`;
}

/** Throws an `Error` where the text is no head. */
export function parseHead(text: string): AuditHead {
  const { log, n: number, hash, at, signature } = JSON.parse(text) as { readonly [field: string]: unknown };
  const isText = (value: unknown): value is string => typeof value === "string";
  const isNumber = Number.isSafeInteger(number) && (number as number) >= 0 && (number as number) <= numberMax;
  if (!isText(log) || !isNumber || !isText(hash) || !/^[0-9a-f]{64}$/.test(hash) || !isText(at))
    throw new Error("this is no head of an audit log");
  return { log, number: number as number, hash, at, ...(isText(signature) ? { signature } : {}) };
}

/** `undefined`: there is no such file. Throws an `Error` where it is no head. */
export function readHead(path: string): AuditHead | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return parseHead(text);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}
