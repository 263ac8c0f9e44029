import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HttpClient } from "../http/http-client.js";
import { newAuthority } from "../testing/certificates.js";
import { bearing, signedToken } from "../testing/tokens.js";

const DEADLINE_MS = 60_000;
const cli = fileURLToPath(new URL("../cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "murmuration-secure-"));
const started: ChildProcess[] = [];
after(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a file in place of another at once, as whoever rotates secrets does. */
function put(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(`${path}.next`, text);
  renameSync(`${path}.next`, path);
  return path;
}

function run(argv: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [cli, ...argv], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.err += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, output, ended };
}

async function until(what: () => string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, what());
    await pause(50);
  }
}

const [authority, stranger] = await Promise.all([newAuthority("ours"), newAuthority("another")]);
const own = await authority.issue("server");
const keys = ["first-key-of-a-test-0123456789abcdef", "second-key-of-a-test-0123456789abcdef"] as const;
const files = {
  cert: put("server.crt", own.cert),
  key: put("server.key", own.key),
  ca: put("ca.crt", authority.cert),
  strangers: put("stranger.crt", stranger.cert),
  api: put("api-key", `${keys[0]}\n`),
  reads: put("read-only-api-key", "reading-key-of-a-test-0123456789\n"),
};

describe("a server with keys and TLS", () => {
  it("is operated with its key and its authority, changes both while it runs, and tells nobody of its secrets", async () => {
    const server = run([
      ...["--port", "0", "--data", join(folder, "data"), "--log-level", "trace", "--slow-request-ms", "1"],
      ...["--tls-cert", files.cert, "--tls-key", files.key, "--api-key-file", files.api, "--jwt-rbac"],
      ...["--read-only-api-key-file", files.reads],
    ]);
    const url = () => /listening on (https:\S+),/.exec(server.output.out)?.[1] ?? "";
    await until(
      () => `it listens: ${server.output.err}`,
      () => url() !== "",
    );

    const members = async (...more: string[]) => {
      const { ended, output } = run(["members", "--url", url(), ...more]);
      return [await ended, output.out + output.err] as const;
    };
    const [code, text] = await members("--peer-ca", files.ca, "--api-key-file", files.api);
    assert.deepEqual([code, /^replica \d+ is alone\n$/.test(text)], [0, true], text);
    assert.match((await members("--peer-ca", files.ca)).join(), /^1,error: .* lets nobody in without its key/);
    assert.match((await members("--api-key-file", files.api)).join(), /^1,error: no answer from https:/);
    assert.match(
      (await members("--api-key-file", files.api, "--peer-ca", files.strangers)).join(),
      /^1,error: no answer from https:/,
    );

    const client = new HttpClient({ ca: authority.cert });
    after(() => client.close());
    const ask = (path: string, headers: Record<string, string>, by = client) => {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      return by.ask(`${url()}${path}`, { method: "GET", headers, signal, bytesMax: 10_000_000 });
    };
    const statusWith = async (headers: Record<string, string>) => (await ask("/collections", headers)).statusCode;
    const token = await signedToken({ access: "r", sub: "somebody" }, keys[0]);
    assert.equal(await statusWith({ "api-key": keys[0] }), 200);
    assert.equal(await statusWith(bearing(token)), 200);
    assert.equal(await statusWith({ "api-key": "not-the-key-of-this-test" }), 401);
    for (const name of ["api-key", "token"]) {
      assert.equal((await ask(`/collections?${name}=${keys[0]}`, {})).statusCode, 401);
      assert.equal((await ask(`/no/such/path?${name}=${keys[0]}`, { "api-key": keys[0] })).statusCode, 404);
    }

    // as the image looks whether its server is well
    const health = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(
      readFileSync(new URL("../../../../Dockerfile", import.meta.url), "utf8"),
    );
    const [, ...argv] = JSON.parse(health?.[1] ?? "") as string[];
    const { port } = new URL(url());
    const environment = { ...process.env, MURMUR_PORT: port, MURMUR_TLS_CERT: files.cert, MURMUR_TLS_KEY: files.key };
    assert.equal((await once(spawn(process.execPath, argv, { env: environment }), "close"))[0], 0);
    assert.equal((await once(spawn(process.execPath, argv, { env: { MURMUR_PORT: port } }), "close"))[0], 1);

    put("api-key", "two keys");
    await until(
      () => "it says that the file cannot be used",
      () => /keys stay as they were: .*cannot be used/.test(server.output.err),
    );
    assert.equal(await statusWith({ "api-key": keys[0] }), 200);
    put("api-key", keys[1]);
    await until(
      () => "it takes the second key",
      async () => (await statusWith({ "api-key": keys[1] })) === 200,
    );
    assert.equal(await statusWith({ "api-key": keys[0] }), 401);
    assert.equal(await statusWith(bearing(token)), 401, "what was signed with the first key is over with it");

    put("server.crt", "no certificate");
    await until(
      () => "it says that the certificate cannot be used",
      () => /certificates stay as they were: .*cannot be used/.test(server.output.err),
    );
    assert.equal(await statusWith({ "api-key": keys[1] }), 200);
    const next = await stranger.issue("server");
    put("server.key", next.key);
    put("server.crt", next.cert);
    const believing = new HttpClient({ ca: stranger.cert });
    after(() => believing.close());
    await until(
      () => "it shows another certificate",
      () =>
        ask("/healthz", {}, believing).then(
          ({ statusCode }) => statusCode === 200,
          () => false,
        ),
    );

    const told = await Promise.all(
      ["/metrics", "/telemetry?details_level=10", "/murmur/status", "/openapi.json", "/issues"].map(async (path) =>
        (await ask(path, { "api-key": keys[1] }, believing)).body.toString(),
      ),
    );
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0, server.output.err);
    const everything = [server.output.out, server.output.err, ...told].join("\n");
    assert.match(everything, /keys were read again/);
    for (const secret of [...keys, "not-the-key-of-this-test", "reading-key", token, own.key.split("\n")[1] as string])
      assert.ok(!everything.includes(secret), `${secret} is told`);
  });

  it("does not begin to listen beyond its machine without keys", async () => {
    const refused = run(["--port", "0", "--host", "0.0.0.0", "--data", join(folder, "none")]);
    assert.equal(await refused.ended, 2);
    assert.match(refused.output.err, /lets other machines in, and nobody is asked for a key: .* or say --insecure/);
    const environment = { MURMUR_API_KEY: keys[0], MURMUR_HOST: "0.0.0.0" };
    const served = run(["--port", "0", "--data", join(folder, "some")], environment);
    await until(
      () => `it listens: ${served.output.err}`,
      () => served.output.out.includes("is listening on"),
    );
    served.child.kill("SIGTERM");
    assert.equal(await served.ended, 0);
  });
});
