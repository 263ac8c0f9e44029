// A file that somebody opens may be anything: what is in it is checked and bounded before it is shown, and shown as text.

/** Largest file that is read. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024;
const EVENTS_MAX = 20_000;
const FAULTS_MAX = 5_000;
const REPLICAS_MAX = 64;
const TEXT_MAX = 2_000;
const DETAIL_MAX = 20_000;
/** Milliseconds: a few years. */
const TIME_MAX = 1e11;

const kinds = [
  "message",
  "write",
  "refused",
  "fault",
  "restored",
  "start",
  "crash",
  "phase",
  "wait",
  "violation",
] as const;
const fates = ["sent", "dropped", "cut", "duplicated", "replayed", "damaged"] as const;

/** Something that happened in a run. Times are in milliseconds from its start. */
export interface RunEvent {
  readonly atMs: number;
  readonly kind: (typeof kinds)[number];
  /** 0: none in particular. */
  readonly replica: number;
  readonly text: string;
  /** Operations that it carries or came to, in words. */
  readonly operations: string;
  /** Did it lead to the violation? */
  readonly isTold: boolean;
  readonly message?: {
    readonly from: number;
    readonly to: number;
    readonly fate: (typeof fates)[number];
    readonly arrivesMs: number;
  };
}

/** A fault, and how long it lasts. */
export interface RunFault {
  readonly kind: string;
  readonly atMs: number;
  readonly forMs: number;
  readonly replica: number;
}

/** A run of the simulator. */
export interface Run {
  readonly title: string;
  readonly seed: string;
  readonly profile: string;
  readonly simulatedMs: number;
  /** Events before the first one were left out. */
  readonly isCut: boolean;
  readonly replicas: readonly number[];
  readonly faults: readonly RunFault[];
  readonly events: readonly RunEvent[];
  readonly violation:
    | {
        readonly checker: string;
        readonly atMs: number;
        readonly detail: string;
        readonly replicas: readonly number[];
        readonly points: readonly string[];
      }
    | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function refuse(where: string, why: string): never {
  throw new Error(`${where === "" ? "The file" : where}: ${why}.`);
}

function fieldsOf(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  return refuse(where, "is no object");
}

function listOf(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) return refuse(where, "is no list");
  if (value.length > most) return refuse(where, `has ${value.length} entries, at most ${most} are read`);
  return value;
}

function textOf(value: unknown, where: string, most = TEXT_MAX): string {
  if (typeof value !== "string") return refuse(where, "is no text");
  return value.length > most ? `${value.slice(0, most)}…` : value;
}

function numberOf(value: unknown, where: string, most = TIME_MAX): number {
  if (typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= most) return value;
  return refuse(where, `is no number up to ${most}`);
}

function replicaOf(value: unknown, where: string): number {
  const id = numberOf(value, where, 2 ** 24);
  return Number.isInteger(id) ? id : refuse(where, "is no replica's id");
}

function wordOf<Word extends string>(value: unknown, words: readonly Word[], where: string): Word {
  const word = words.find((one) => one === value);
  return word ?? refuse(where, `is none of ${words.join(", ")}`);
}

function eventOf(value: unknown, i: number): RunEvent {
  const where = `Event ${i + 1}`;
  const { at_ms, kind, replica, text, operations, told, from, to, fate, arrives_ms } = fieldsOf(value, where);
  const word = wordOf(kind, kinds, `${where}, kind`);
  const message =
    word === "message"
      ? {
          message: {
            from: replicaOf(from, `${where}, from`),
            to: replicaOf(to, `${where}, to`),
            fate: wordOf(fate, fates, `${where}, fate`),
            arrivesMs: numberOf(arrives_ms, `${where}, arrives_ms`),
          },
        }
      : {};
  return {
    atMs: numberOf(at_ms, `${where}, at_ms`),
    kind: word,
    replica: replicaOf(replica, `${where}, replica`),
    text: textOf(text, `${where}, text`),
    operations: operations === undefined ? "" : textOf(operations, `${where}, operations`),
    isTold: told === true,
    ...message,
  };
}

function faultOf(value: unknown, i: number): RunFault {
  const where = `Fault ${i + 1}`;
  const { kind, at_ms, for_ms, replica } = fieldsOf(value, where);
  return {
    kind: textOf(kind, `${where}, kind`, 100),
    atMs: numberOf(at_ms, `${where}, at_ms`),
    forMs: numberOf(for_ms, `${where}, for_ms`),
    replica: replicaOf(replica, `${where}, replica`),
  };
}

function violationOf(value: unknown): Run["violation"] {
  if (value === null || value === undefined) return undefined;
  const { checker, at_ms, detail, replicas, points } = fieldsOf(value, "The violation");
  const where = (field: string) => `The violation, ${field}`;
  return {
    checker: textOf(checker, where("checker"), 200),
    atMs: numberOf(at_ms, where("at_ms")),
    detail: textOf(detail, where("detail"), DETAIL_MAX),
    replicas: listOf(replicas, where("replicas"), REPLICAS_MAX).map((one) => replicaOf(one, where("replicas"))),
    points: listOf(points, where("points"), 100).map((one) => textOf(one, where("points"), 100)),
  };
}

/** The JSON in a report's page, or the text itself where it is JSON. */
function jsonIn(text: string): string {
  if (text.trimStart().startsWith("{")) return text;
  const tag = '<script type="application/json" id="murmuration-run">';
  const at = text.indexOf(tag);
  if (at < 0)
    return refuse(
      "",
      "is no report of the simulator (npm run sim -- --seed N --report run.html), or one of an older version",
    );
  const end = text.indexOf("</script>", at);
  return text.slice(at + tag.length, end < 0 ? undefined : end);
}

/** Reads a run out of a report. Throws an `Error` in words for anything else. */
export function readRun(text: string): Run {
  if (text.length > FILE_BYTES_MAX) refuse("", `is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
  let value: unknown;
  try {
    value = JSON.parse(jsonIn(text));
  } catch (error) {
    if (error instanceof SyntaxError) return refuse("", "ends too early, or what is in it is not JSON");
    throw error;
  }
  const run = fieldsOf(value, "");
  if (run["format"] !== "murmuration-run") refuse("", "is no run of the simulator");
  if (run["version"] !== 1) {
    refuse(
      "",
      `is of version ${String(run["version"]).slice(0, 20)} of the format, and this dashboard reads version 1`,
    );
  }
  const replicas = listOf(run["replicas"], "The replicas", REPLICAS_MAX).map((id) => replicaOf(id, "The replicas"));
  return {
    title: textOf(run["title"], "The title", 500),
    seed: String(numberOf(run["seed"], "The seed", Number.MAX_SAFE_INTEGER)),
    profile: textOf(run["profile"], "The profile", 100),
    simulatedMs: numberOf(run["simulated_ms"], "simulated_ms"),
    isCut: run["cut"] === true,
    replicas: [...new Set(replicas)],
    faults: listOf(run["faults"], "The faults", FAULTS_MAX).map(faultOf),
    events: listOf(run["events"], "The events", EVENTS_MAX).map(eventOf),
    violation: violationOf(run["violation"]),
  };
}

/** An event as a sentence. */
export function tellEvent({ kind, replica, text, operations, message }: RunEvent): string {
  if (message !== undefined) {
    const { from, to, fate } = message;
    const ends = fate === "sent" ? "" : `: ${fate === "cut" ? "the link is cut" : fate}`;
    return `replica ${from} sends replica ${to} ${text}${ends}`;
  }
  const who = replica > 0 ? `replica ${replica}` : "the run";
  if (kind === "write") return `${who} acknowledges ${operations === "" ? text : operations}`;
  if (kind === "refused") return `${who} refuses ${text}`;
  return `${who}: ${text}`;
}

/** Messages that are on their way at an event, by their places. */
export function underWay(events: readonly RunEvent[], at: number): number[] {
  const now = events[at]?.atMs ?? 0;
  const found: number[] = [];
  for (let i = at; i >= 0 && found.length < 200; i--) {
    const { message, atMs } = events[i] as RunEvent;
    if (message === undefined || message.fate === "cut" || message.fate === "dropped") continue;
    if (i === at || (message.arrivesMs > now && atMs <= now)) found.push(i);
  }
  return found;
}
