import { setTimeout as after } from "node:timers/promises";
import { InvalidArgumentError } from "commander";

/** Asks a running server. Throws an `Error` that says what it said. */
export type AskServer = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** What an answer comes to: for programs, and for people. */
interface Outcome {
  readonly json: object;
  readonly text: string;
}

/** An erasure as a server tells of it. */
interface Erasure {
  readonly id: string;
  readonly collection: string;
  readonly points: number;
  readonly over: boolean;
  readonly replicas: readonly {
    readonly replica: number;
    readonly region: string;
    readonly state: string;
    readonly at?: string;
  }[];
  readonly still_held: readonly { readonly where: string; readonly what: string; readonly until?: string }[];
}

/** The options of `murmur erase`. */
export interface EraseFlags {
  readonly collection?: string;
  readonly filter?: object;
  readonly ids?: readonly (string | number)[];
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
}

const LOOK_MS = 500;
/** Integers are exact in JSON up to here; a larger id is sent as its digits, which JSON keeps. */
const INTEGER = /^\d{1,20}$/;
const UUID = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** Ids of points, separated by commas. */
export function idsOfText(text: string): (string | number)[] {
  return text.split(",").map((part) => {
    const id = part.trim();
    if (INTEGER.test(id) && Number.isSafeInteger(Number(id))) return Number(id);
    if (UUID.test(id)) return id;
    throw new InvalidArgumentError(
      `${JSON.stringify(id)} is neither an integer up to 2^53 nor a UUID: use a filter with has_id.`,
    );
  });
}

/** A filter in JSON. */
export function filterOfText(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`it is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError("it must be a JSON object, as in the body of a request.");
}

/** Seconds to wait. */
export function secondsOfText(text: string): number {
  if (/^\d{1,7}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("it must be a number of seconds from 1 on.");
}

function describe({ id, collection, points, over, replicas, still_held }: Erasure): string {
  const head = `erasure ${id}: ${points} points of ${collection} were deleted\n`;
  const receipts = replicas.map(
    ({ replica, region, state, at }) =>
      `${String(replica).padEnd(9)} ${region.padEnd(16)} ${at === undefined ? state : `has nothing of it any more since ${at}`}\n`,
  );
  const held = still_held.map(
    ({ where, what, until }) => `still held at ${where}: ${what}${until === undefined ? "" : `, until ${until}`}\n`,
  );
  const end = over
    ? "every member has said that it has nothing of it any more\n"
    : "it is not over: it goes on by itself\n";
  return [head, ...receipts, ...held, end].join("");
}

const outcomeOf = (erasure: Erasure): Outcome => ({ json: { ...erasure }, text: describe(erasure) });

/** What is known of an erasure. */
export async function erasureStatus(ask: AskServer, id: string): Promise<Outcome> {
  return outcomeOf((await ask("GET", `/murmur/erasures/${encodeURIComponent(id)}`)) as Erasure);
}

/** Erase points, and wait until it is over. Throws an `Error` that says what is waited for where that takes too long. */
export async function erasePoints(ask: AskServer, flags: EraseFlags): Promise<Outcome> {
  const { collection, filter, ids, wait, timeout } = flags;
  if (collection === undefined) throw new Error("say which collection: --collection NAME");
  if ((filter === undefined) === (ids === undefined)) throw new Error("give either --filter or --ids");
  const body = { collection, ...(filter === undefined ? { points: ids } : { filter }) };
  let erasure = (await ask("POST", "/murmur/erasures", body)) as Erasure;
  const endMs = performance.now() + timeout * 1000;
  const isLive = process.stderr.isTTY === true;
  let told = "";
  while (wait && !erasure.over) {
    const waiting = erasure.still_held.map(({ where, what }) => `${where}: ${what}`).join("; ");
    if (isLive && waiting !== told) process.stderr.write(`erasure ${erasure.id} waits for ${waiting} …\n`);
    told = waiting;
    if (performance.now() > endMs) {
      throw new Error(
        `erasure ${erasure.id} is not over after ${timeout} s, and goes on by itself (murmur erase status ${erasure.id}); it waits for ${waiting}`,
      );
    }
    await after(LOOK_MS);
    erasure = (await ask("GET", `/murmur/erasures/${erasure.id}`)) as Erasure;
  }
  return outcomeOf(erasure);
}
