import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { HttpAnswer } from "../http/http-client.js";
import { type CanaryAction, type CanaryFlags, canaryActions, canaryAt } from "./canary-command.js";
import {
  type AskServer,
  type EraseFlags,
  erasePoints,
  erasureStatus,
  filterOfText,
  idsOfText,
  secondsOfText,
} from "./erase-points.js";
import { type RunningServer as Server, type ServerFlags, serverOf, withServerFlags } from "./server-flags.js";

const TIMEOUT_MS = 10_000;
/** Deleting what a filter selects may take longer. */
const WRITE_TIMEOUT_MS = 300_000;
const MINUTE_S = 60;
const MINUTES_DEFAULT = 60;
const MINUTES_MAX = 43_200;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

interface Member {
  readonly id: number;
  readonly region: string;
  readonly state: string;
}

interface Peer {
  readonly id: number;
  readonly suspect: boolean;
  readonly silent_ms: number | null;
  readonly lag_operations: number;
  readonly lag_seconds: number;
}

interface Cluster {
  readonly enabled: boolean;
  readonly replica_id: number;
  readonly refuses_writes: string | null;
  readonly members: readonly Member[];
  readonly peers: readonly Peer[];
}

/** What `/murmur/status` says of what is not part of what is served. */
interface LeftOut {
  readonly set_aside: {
    readonly total: number;
    readonly operations: readonly {
      readonly shard: string;
      readonly origin: number;
      readonly sequence: number;
      readonly reason: string;
      readonly since: string;
      readonly attempts: number;
    }[];
  };
  readonly catalogue_problems: { readonly total: number; readonly problems: readonly string[] };
}

interface Answer {
  readonly result?: unknown;
  readonly status?: { readonly error?: string };
}

/** The `result` of an answer. Throws an `Error` that says what the server said. */
async function ask(method: string, { url, key, client }: Server, path: string, body?: unknown): Promise<unknown> {
  let answer: HttpAnswer;
  const headers: Record<string, string> = key === undefined ? {} : { "api-key": key };
  try {
    const signal = AbortSignal.timeout(body === undefined ? TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
    if (body !== undefined) headers["content-type"] = "application/json";
    const asked = { method, headers, signal, bytesMax: ANSWER_BYTES_MAX, ...sent };
    answer = await client.ask(new URL(path, url).href, asked);
  } catch (error) {
    throw new Error(`no answer from ${url}: ${(error as Error).message}`);
  }
  const text = answer.body.toString();
  if (answer.statusCode === 401) throw new Error(`${url} lets nobody in without its key (--api-key-file): ${text}`);
  let answered: Answer | null;
  try {
    answered = JSON.parse(text) as Answer | null;
  } catch {
    throw new Error(`${url} is no Murmuration server: it answers ${answer.statusCode} and no JSON`);
  }
  if (answer.statusCode !== 200) throw new Error(answered?.status?.error ?? `${answer.statusCode} from ${url}`);
  return answered?.result;
}

function stateOf(member: Member, cluster: Cluster): string {
  if (member.id === cluster.replica_id) return cluster.refuses_writes ?? "this replica";
  const peer = cluster.peers.find(({ id }) => id === member.id);
  if (member.state === "evicted" || peer === undefined) return "";
  const heard = peer.silent_ms === null ? "never heard" : `heard ${(peer.silent_ms / 1000).toFixed(1)} s ago`;
  const lag = `lag ${peer.lag_operations} operations, ${peer.lag_seconds.toFixed(1)} s`;
  return [peer.suspect ? "suspect" : "", heard, lag].filter((part) => part !== "").join(", ");
}

function describeMembers(cluster: Cluster): string {
  if (!cluster.enabled) return `replica ${cluster.replica_id} is alone\n`;
  const line = (id: number, region: string, state: string, more: string) =>
    `${String(id).padEnd(9)} ${region.padEnd(16)} ${state.padEnd(8)} ${more}\n`;
  const lines = cluster.members.map((member) => line(member.id, member.region, member.state, stateOf(member, cluster)));
  if (!cluster.members.some(({ id }) => id === cluster.replica_id))
    lines.push(`${String(cluster.replica_id).padEnd(9)} no member: ${cluster.refuses_writes ?? ""}\n`);
  return lines.join("");
}

function describeLeftOut({ set_aside: aside, catalogue_problems: catalogue }: LeftOut): string {
  const lines: string[] = [];
  if (aside.total > 0) lines.push(`${aside.total} operations are set aside, each with what follows it of its replica:`);
  for (const { shard, origin, sequence, reason, since, attempts } of aside.operations)
    lines.push(`  ${origin}:${sequence} of shard ${shard}, tried ${attempts} times since ${since}: ${reason}`);
  if (catalogue.total > 0) lines.push(`${catalogue.total} entries of the catalogue cannot be read and are left out:`);
  for (const problem of catalogue.problems) lines.push(`  ${problem}`);
  return lines.map((line) => `${line}\n`).join("");
}

function replicaId(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("it is the number that `murmur members` shows.");
}

function onlyStatus(text: string): string {
  if (text === "status") return text;
  throw new InvalidArgumentError("it is `status` and the id of an erasure, or nothing.");
}

function countOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("it must be an integer.");
}

function shareOf(text: string): number {
  const share = Number(text);
  if (/^(0|1)?(\.\d{1,9})?$/.test(text) && share > 0 && share <= 1) return share;
  throw new InvalidArgumentError("it must be over 0, and 1 at most.");
}

interface Flags extends ServerFlags {
  readonly json?: true;
}

/** What an answer comes to: for programs, and for people. */
interface Outcome {
  readonly json: object;
  readonly text: string;
}

async function membersOf(server: Server): Promise<Outcome> {
  const cluster = (await ask("GET", server, "/murmur/cluster")) as Cluster;
  const { set_aside, catalogue_problems } = (await ask("GET", server, "/murmur/status")) as LeftOut;
  const left = { set_aside, catalogue_problems };
  return { json: { ...cluster, ...left }, text: describeMembers(cluster) + describeLeftOut(left) };
}

async function evictAt(server: Server, id: number): Promise<Outcome> {
  const evicted = (await ask("POST", server, `/murmur/cluster/members/${id}/evict`)) === true;
  const text = evicted ? `replica ${id} is evicted\n` : `replica ${id} was evicted before\n`;
  return { json: { replica_id: id, evicted_now: evicted }, text };
}

async function inviteBy(server: Server, minutes: number): Promise<Outcome> {
  const made = await ask("POST", server, "/murmur/cluster/invitations", { expires_s: minutes * MINUTE_S });
  const { invitation } = made as { readonly invitation: string };
  return { json: { invitation, expires_s: minutes * MINUTE_S }, text: `${invitation}\n` };
}

async function rotateKeyOf(server: Server): Promise<Outcome> {
  await ask("POST", server, "/murmur/cluster/key/rotate");
  return { json: { rotated: true }, text: "the new key signs as soon as every member knows it\n" };
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (/^\d{1,5}$/.test(text) && minutes >= 1 && minutes <= MINUTES_MAX) return minutes;
  throw new InvalidArgumentError(`it must be 1 to ${MINUTES_MAX}.`);
}

/** Run a command that asks a running server. Resolves to the exit code. */
export async function operate(argv: readonly string[]): Promise<number> {
  const program = new Command("murmur").exitOverride();
  let exitCode = 0;
  const print = async (asking: (server: Server) => Promise<Outcome>, flags: Flags) => {
    const isForPrograms = flags.json === true;
    try {
      const server = serverOf(flags);
      const { json, text } = await (async () => asking(server))().finally(() => server.client.close());
      process.stdout.write(isForPrograms ? `${JSON.stringify({ ok: true, ...json })}\n` : text);
    } catch (error) {
      const { message } = error as Error;
      if (isForPrograms) process.stdout.write(`${JSON.stringify({ ok: false, error: message })}\n`);
      process.stderr.write(`error: ${message}\n`);
      exitCode = 1;
    }
  };
  const command = (name: string, description: string) =>
    withServerFlags(program.command(name).description(description))
      .option("--json", "print one JSON object")
      .helpOption("-h, --help", "print this help")
      .addHelpText("after", "\nExit codes: 0 done, 1 the server did not answer or refused, 2 wrong use.");
  command("members", "List the replicas of the cluster, and how far each is.").action((flags: Flags) =>
    print(membersOf, flags),
  );
  command("invite", "Print an invitation: a secret by which one new replica is let into the cluster.")
    .addOption(new Option("--expires <minutes>", "it ends after so long").argParser(minutesOf).default(MINUTES_DEFAULT))
    .action((flags: Flags & { readonly expires: number }) => print((server) => inviteBy(server, flags.expires), flags));
  command("rotate-key", "Give a member another key to sign with.").action((flags: Flags) => print(rotateKeyOf, flags));
  command("evict", "Take a replica out of the cluster for good.")
    .argument("<id>", "replica id", replicaId)
    .action((id: number, flags: Flags) => print((server) => evictAt(server, id), flags));
  command("erase", "Delete points, and have nothing of them left anywhere; `erase status ID` tells how far that is.")
    .argument("[status]", "status: tell of an erasure that was begun", onlyStatus)
    .argument("[id]", "id of the erasure")
    .option("--collection <name>", "collection of the points")
    .option("--filter <json>", "delete the points that match, as in the body of a request", filterOfText)
    .option("--ids <ids>", "delete these points, separated by commas", idsOfText)
    .option("--no-wait", "do not wait until every member has nothing of them any more")
    .option("--timeout <seconds>", "wait so long at most; it goes on by itself", secondsOfText, 600)
    .action((status: string | undefined, id: string | undefined, flags: Flags & EraseFlags) =>
      print((server) => {
        const asking: AskServer = (method, path, body) => ask(method, server, path, body);
        if (status === undefined) return erasePoints(asking, flags);
        if (id === undefined) throw new Error("say which erasure: murmur erase status ID");
        return erasureStatus(asking, id);
      }, flags),
    );
  command(
    "canary",
    "A second graph beside that of a vector, on one replica: `start`, `status`, `promote` everywhere, or `drop`.",
  )
    .addArgument(new Argument("<action>", "what is done").choices(canaryActions))
    .option("--collection <name>", "collection of the vector")
    .option("--vector <name>", "name of the vector; default: the unnamed one")
    .option("--m <links>", "links of a node and layer; default: as in the graph that serves", countOf)
    .option("--ef-construction <n>", "candidates kept while a node is linked; default: as there", countOf)
    .option("--share <share>", "share of the queries that are asked of both, over 0 up to 1", shareOf)
    .action((action: CanaryAction, flags: Flags & CanaryFlags) =>
      print((server) => canaryAt((method, path, body) => ask(method, server, path, body), action, flags), flags),
    );
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
