import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { QdrantClient } from "@qdrant/js-client-rest";
import { root } from "../support/source-tree.js";

/** A JSON answer, as plain fetch sees it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** As it came over the wire: numbers beyond 2^53 can be looked for here. */
  readonly text: string;
  /** The parsed text, an empty object when it is not JSON. */
  readonly body: { readonly result?: unknown; readonly status?: unknown; readonly time?: unknown };
}

/** A real server process for the tests of one file. It is stopped after them, and must have logged no failure. */
export interface E2eServer {
  readonly address: string;
  readonly client: QdrantClient;
  /** A string body is sent as it is, anything else as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** What the server has logged so far, one JSON object a line. */
  log(): string;
}

function parsed(text: string): Answer["body"] {
  try {
    return JSON.parse(text) as Answer["body"];
  } catch {
    return {};
  }
}

/** Lines of the log that tell of a failure of the server itself: pino levels 50 (error) and 60 (fatal). */
export function failuresIn(log: string): readonly string[] {
  return log.split("\n").filter((line) => /"level":[56]0|^\s*at |\bError:/.test(line));
}

async function spawnServer() {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-e2e-"));
  const cli = join(root, "packages/server/dist/cli.js");
  const child = spawn(process.execPath, [cli, "--port", "0", "--data", join(folder, "data")]);
  const output = { out: "", err: "" };
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    output.err += chunk;
  });
  const exited = once(child, "exit");
  let address: string | undefined;
  for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    output.out += chunk as string;
    address = /listening on (http:\S+),/.exec(output.out)?.[1];
    if (address !== undefined) break;
  }
  assert.ok(address !== undefined, `the server starts: ${output.err}`);
  child.stdout.resume();
  const stop = async () => {
    child.kill("SIGTERM");
    const [code] = (await exited) as [number | null];
    rmSync(folder, { recursive: true, force: true });
    return code;
  };
  return { address, log: () => output.err, stop };
}

/** Starts a server with an empty data folder; registers its end with the test runner. */
export async function startE2eServer(): Promise<E2eServer> {
  const { address, log, stop } = await spawnServer();
  after(async () => {
    const exitCode = await stop();
    assert.equal(exitCode, 0, `the server ends well: ${log()}`);
    assert.deepEqual(failuresIn(log()), []);
  });
  return {
    address,
    client: new QdrantClient({ url: address }),
    log,
    async request(method, path, body, headers = {}) {
      const response = await fetch(`${address}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: parsed(text) };
    },
  };
}

/** Asserts that the official client refuses with this status and message. */
export async function refused(call: Promise<unknown>, status: number, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    const { status: actual, data } = error as { status?: number; data?: { status?: { error?: string } } };
    assert.equal(actual, status, String(error));
    assert.match(data?.status?.error ?? "", message);
    return true;
  });
}

/** Asserts that numbers agree to float32 precision. */
export function close(actual: number, expected: number, tolerance = 1e-5): void {
  const scale = Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= tolerance * scale, `${actual} is ${expected}`);
}
