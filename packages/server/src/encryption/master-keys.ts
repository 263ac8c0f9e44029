import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { KEY_BYTES } from "./data-keys.js";

/** Where the key comes from that everything on disk is encrypted under. */
export type KeySource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "environment"; readonly text: string }
  /** For a shell: what it prints is the key. */
  | { readonly kind: "command"; readonly command: string };

/** What a command may take, and print. */
const COMMAND_MS_MAX = 60_000;
const COMMAND_BYTES_MAX = 64 * 1024;
const KEYS_MAX = 16;

/** Keys that open what is encrypted; new things are encrypted under the first. */
export type MasterKeys = readonly [Uint8Array, ...Uint8Array[]];

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/** Keys in a text, one a line. Throws an `Error` that says what is expected, and shows none of it. */
export function masterKeysOf(text: string): MasterKeys {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const keys = words.map((word) => {
    if (HEX.test(word)) return Buffer.from(word, "hex");
    return BASE64.test(word) ? Buffer.from(word, "base64") : undefined;
  });
  const [first, ...others] = keys;
  const isEvery = keys.every((key) => key?.length === KEY_BYTES);
  if (first !== undefined && isEvery && keys.length <= KEYS_MAX) return [first, ...(others as Uint8Array[])];
  throw new Error(
    `must hold a key of ${KEY_BYTES} random bytes as 64 hexadecimal digits or as base64 (openssl rand -hex 32); behind it, a line each, those of before`,
  );
}

/** What tells one key from another without showing it. */
export function fingerprintOfKey(key: Uint8Array): string {
  return createHash("sha256").update("murmuration master key\n").update(key).digest("hex").slice(0, 16);
}

function nameOf(source: KeySource): string {
  if (source.kind === "file") return source.path;
  return source.kind === "command" ? "--key-command" : "MURMUR_ENCRYPTION_KEY";
}

function textOf(source: KeySource, readFile: (path: string) => string): string {
  if (source.kind === "environment") return source.text;
  if (source.kind === "file") return readFile(source.path);
  return execFileSync("/bin/sh", ["-c", source.command], { ...commandOptions, stdio: ["ignore", "pipe", "inherit"] });
}

const commandOptions = { encoding: "utf8", timeout: COMMAND_MS_MAX, maxBuffer: COMMAND_BYTES_MAX } as const;

/** What a source holds now: a file is read, a command run again. Throws an `Error` that names the source, and shows no key. */
export function readMasterKeys(source: KeySource, readFile: (path: string) => string): MasterKeys {
  let text: string;
  try {
    text = textOf(source, readFile);
  } catch (error) {
    throw unread(source, error);
  }
  return parsed(source, text);
}

/** The same while others go on: a command may take its time. */
export async function readMasterKeysAgain(source: KeySource, readFile: (path: string) => string): Promise<MasterKeys> {
  if (source.kind !== "command") return readMasterKeys(source, readFile);
  let text: string;
  try {
    text = (await promisify(execFile)("/bin/sh", ["-c", source.command], commandOptions)).stdout;
  } catch (error) {
    throw unread(source, error);
  }
  return parsed(source, text);
}

function unread(source: KeySource, error: unknown): Error {
  const { status, code, message } = error as {
    readonly status?: number | null;
    readonly code?: number | string | null;
    readonly message: string;
  };
  // the message of one that failed holds the command, and may hold what it printed
  const why = `the command ended with ${status ?? code ?? "no exit code in time"}`;
  return new Error(`${nameOf(source)}: ${source.kind === "command" ? why : message}`);
}

function parsed(source: KeySource, text: string): MasterKeys {
  try {
    return masterKeysOf(text);
  } catch (error) {
    throw new Error(`${nameOf(source)}: ${(error as Error).message}`);
  }
}
