import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { killAllServers, newFolder, removeFolder, startServer } from "../support/server.js";
import { until } from "../support/until.js";

const MIB = 1024 * 1024;
/** So many that all of them would be told from what is let in, and the garbage beside it. */
const BODIES = 48;
const folder = newFolder("unfinished");
const options = ["--request-timeout-ms", "3000", "--body-limit-mib", "16", "--body-bytes-in-flight-mib", "64"];
const server = await startServer({ dataFolder: folder, options });
after(() => {
  killAllServers();
  removeFolder(folder);
});
const { hostname, port } = new URL(server.address);

/** A connection that sends something and then nothing; what it was answered until it was closed. */
function silent(bytes: Buffer | string): { readonly socket: Socket; readonly answer: Promise<string> } {
  const socket = connect(Number(port), hostname);
  let text = "";
  const answer = new Promise<string>((resolve) => {
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => undefined).on("close", () => resolve(text));
  });
  socket.write(bytes);
  return { socket, answer };
}

/** MiB of memory that the process has. */
function residentMebibytes(): number {
  const [, kilobytes = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

function head(length: number): string {
  return `POST /collections/none/points/scroll HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
}

test("bodies that never end take so much together and no more, and end in time; others are served meanwhile", async () => {
  const before = residentMebibytes();
  const part = Buffer.concat([Buffer.from(head(15 * MIB)), Buffer.alloc(14 * MIB, " ")]);
  const all = Array.from({ length: BODIES }, () => silent(part));
  const refused = Promise.any(
    all.map(async ({ answer }) =>
      assert.match(await answer, /^HTTP\/1\.1 503 .*limit \(bodies of requests under way\) is 64 MiB/s),
    ),
  );
  await refused;
  const small = await server.request("POST", "/collections/none/points/scroll", { limit: 1 });
  assert.equal(small.status, 404, "a small body is read");
  const grown = residentMebibytes() - before;
  const sent = BODIES * 14;
  // what was refused is garbage for a while
  assert.ok(grown < (sent * 2) / 3, `${Math.round(grown)} MiB more, of ${sent} that were sent`);
  const answers = await Promise.all(all.map(({ answer }) => answer));
  for (const answer of answers) {
    assert.match(answer, /^HTTP\/1\.1 (?:503|408) /);
    assert.match(answer, /connection: close/i);
  }
  assert.ok(answers.some((answer) => /^HTTP\/1\.1 408 .*the request did not arrive whole in its time/s.test(answer)));
  // all of it was given back
  await until(async () => {
    const padding = " ".repeat(15 * MIB);
    const response = await fetch(`${server.address}/collections/none/points/scroll`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{${padding}}`,
    });
    return response.status === 404;
  }, "a large body is read again");
});

test("a request whose headers never end is ended", async () => {
  assert.match(await silent("GET / HTTP/1.1\r\nhost: x\r\n").answer, /^HTTP\/1\.1 408 /);
});

test("what is no HTTP is answered as everything is", async () => {
  const answer = await silent(`GET /collections/\u00e9 HTTP/1.1\r\nhost: x\r\n\r\n`).answer;
  assert.match(answer, /^HTTP\/1\.1 400 /);
  const body = JSON.parse(answer.slice(answer.indexOf("{"))) as { status: { error: string } };
  assert.match(body.status.error, /anything but ASCII is percent-encoded/);
});
