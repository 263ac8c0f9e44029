import { createHash } from "node:crypto";
import { numberMax, textCharactersMax } from "./audit-limits.js";

/** Who did something. */
export interface Actor {
  /** By what they were let in; "server": nobody asked for it. */
  readonly by: "nobody" | "key" | "read-only key" | "token" | "replica" | "server";
  /** Of the key: as its file names it, else what tells it from others. */
  readonly name?: string;
  /** Of the token, as it says. */
  readonly subject?: string;
}

/**
 * What comes of something. accepted: answered before it was carried out. refused: whoever asked was not let do it. failed: they were, and it was not
 * done, or not as asked.
 */
export type Outcome = "done" | "accepted" | "refused" | "failed";

/** One thing that was done, or was not. Nothing of it comes from the body of a request. */
export interface AuditEntry {
  /** A route, as its method and path, or a name with a dot for what is not asked by HTTP. */
  readonly action: string;
  readonly who: Actor;
  /** The address that asked. */
  readonly from?: string;
  readonly collection?: string;
  /** What else the path names: a field, a snapshot, a member; of a path that is no route, the path. */
  readonly target?: string;
  readonly outcome: Outcome;
  readonly status?: number;
  /** Kind of the error. */
  readonly error?: string;
  /** Of the request's body, as it says. */
  readonly bytes?: number;
  /** So many of the same are told by this line. */
  readonly count?: number;
  /** What is said of it beside. */
  readonly note?: string;
  /** In the first line of a file: the log that it is of, and the hash of the line before. */
  readonly log?: string;
  readonly previous?: string;
  /** Of lines that were removed: the last one, and its hash. */
  readonly last?: number;
  readonly lastHash?: string;
}

/** SHA-256, in hexadecimal digits. */
export type Hash = string;

/** The hash before the first line. */
export const noHash: Hash = "0".repeat(64);

/** Each kind of line beside routes, by the name that it has as an action. */
export const actions = {
  fileBegun: "audit.file",
  filesRemoved: "audit.removed",
  tornEnd: "audit.torn",
  damaged: "audit.damaged",
  lost: "audit.lost",
  refusals: "audit.refusals",
} as const;

/** Everything that moves a cursor, turns the direction of writing or is not seen: in a terminal, such a text shows something else. */
export const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;
const mayBeUnseen = /[^\x20-\x7e]/;

function escaped(unit: string): string {
  let text = "";
  for (let i = 0; i < unit.length; i++) text += `\\u${unit.charCodeAt(i).toString(16).padStart(4, "0")}`;
  return text;
}

function bounded(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= textCharactersMax) return value;
  return `${value.slice(0, textCharactersMax)}…`;
}

/** What is hashed of a line: the one before, so that none is taken out, and all of this one. */
export function hashOf(previous: Hash, body: string): Hash {
  return createHash("sha256").update(`${previous}\n${body}`).digest("hex");
}

/** A line, without its end; whatever a text of it holds, it is one line of printable characters. */
export function encodeLine(entry: AuditEntry, number: number, atMs: number, previous: Hash) {
  const { action, ...rest } = entry;
  const json = JSON.stringify({ n: number, at: new Date(atMs).toISOString(), action, ...rest }, bounded);
  const body = mayBeUnseen.test(json) ? json.replace(unseen, escaped) : json;
  const hash = hashOf(previous, body);
  return { text: `${body.slice(0, -1)},"hash":"${hash}"}`, hash };
}

/** A line as it was read. */
export interface ReadLine {
  readonly number: number;
  readonly entry: AuditEntry;
  /** When it was written, as it says. */
  readonly at: string;
  /** As it says; `hashOf` tells whether it is so. */
  readonly hash: Hash;
  /** What was hashed. */
  readonly body: string;
}

const shape = /^(\{"n":\d{1,15},"at":"[^"]+","action":".+),"hash":"([0-9a-f]{64})"\}$/;

/** `undefined`: it is no line of an audit log. */
export function readLine(text: string): ReadLine | undefined {
  const [, begin, hash] = shape.exec(text) ?? [];
  if (begin === undefined || hash === undefined) return undefined;
  const body = `${begin}}`;
  try {
    const { n: number, at, ...entry } = JSON.parse(body) as AuditEntry & { n: number; at: string };
    return number > numberMax ? undefined : { number, at, entry, hash, body };
  } catch {
    return undefined;
  }
}
