import assert from "node:assert/strict";
import { after } from "node:test";
import { QdrantClient } from "@qdrant/js-client-rest";
import { killAllServers, newFolder, removeFolder, type ServerProcess, startServer } from "../support/server.js";

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
  readonly dataFolder: string;
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

/** Starts a server with an empty data folder, and further options; registers its end with the test runner. */
export async function startE2eServer(options: readonly string[] = []): Promise<E2eServer> {
  const folder = newFolder("e2e");
  let server: ServerProcess | undefined;
  after(async () => {
    try {
      if (server === undefined) return;
      assert.deepEqual(await server.stop(), { code: 0, signal: null }, `the server ends well: ${server.log()}`);
      assert.deepEqual(failuresIn(server.log()), []);
    } finally {
      killAllServers();
      removeFolder(folder);
    }
  });
  server = await startServer({ dataFolder: folder, options });
  const { address, log } = server;
  return {
    address,
    dataFolder: folder,
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
