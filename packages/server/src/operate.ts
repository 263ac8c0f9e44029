import { Command, CommanderError, InvalidArgumentError } from "commander";
import { version } from "./version.js";

const URL_DEFAULT = "http://127.0.0.1:6333";
const TIMEOUT_MS = 10_000;

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

/** The `result` of an answer. Throws an `Error` that says what the server said. */
async function ask(method: string, url: string, path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), { method, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Error(`no answer from ${url}: ${((error as Error).cause as Error | undefined)?.message ?? error}`);
  }
  const body = (await response.json()) as { readonly result?: unknown; readonly status?: { readonly error?: string } };
  if (!response.ok) throw new Error(body.status?.error ?? `${response.status} from ${url}`);
  return body.result;
}

function stateOf(member: Member, cluster: Cluster): string {
  if (member.id === cluster.replica_id) return cluster.refuses_writes ?? "this replica";
  const peer = cluster.peers.find(({ id }) => id === member.id);
  if (member.state === "evicted" || peer === undefined) return "";
  const heard = peer.silent_ms === null ? "never heard" : `heard ${(peer.silent_ms / 1000).toFixed(1)} s ago`;
  const lag = `lag ${peer.lag_operations} operations, ${peer.lag_seconds.toFixed(1)} s`;
  return [peer.suspect ? "suspect" : "", heard, lag].filter((part) => part !== "").join(", ");
}

async function printMembers(url: string): Promise<void> {
  const cluster = (await ask("GET", url, "/murmur/cluster")) as Cluster;
  if (!cluster.enabled) {
    process.stdout.write(`replica ${cluster.replica_id} is alone\n`);
    return;
  }
  for (const member of cluster.members) {
    const { id, region, state } = member;
    process.stdout.write(
      `${String(id).padEnd(9)} ${region.padEnd(16)} ${state.padEnd(8)} ${stateOf(member, cluster)}\n`,
    );
  }
  if (!cluster.members.some(({ id }) => id === cluster.replica_id))
    process.stdout.write(`${String(cluster.replica_id).padEnd(9)} no member: ${cluster.refuses_writes ?? ""}\n`);
}

function replicaId(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("it is the number that `murmur members` shows.");
}

/** Run a command that asks a running server. Resolves to the exit code. */
export async function operate(argv: readonly string[]): Promise<number> {
  const program = new Command("murmur").version(version, "-V, --version").exitOverride();
  const address = ["--url <url>", "address of a running server", URL_DEFAULT] as const;
  program
    .command("members")
    .description("list the replicas of the cluster")
    .option(...address)
    .action(({ url }: { readonly url: string }) => printMembers(url));
  program
    .command("evict")
    .description("take a replica out of the cluster for good")
    .argument("<id>", "replica id", replicaId)
    .option(...address)
    .action(async (id: number, { url }: { readonly url: string }) => {
      const changed = await ask("POST", url, `/murmur/cluster/members/${id}/evict`);
      process.stdout.write(changed === true ? `replica ${id} is evicted\n` : `replica ${id} was evicted before\n`);
    });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
}
