import assert from "node:assert/strict";
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { makeSecured } from "../support/secured.js";
import {
  killAllServers,
  newFolder,
  noSmallDisk,
  removeFolder,
  runCli,
  type ServerProcess,
  startServer,
} from "../support/server.js";
import { until } from "../support/until.js";

const folder = newFolder("audit");
after(() => {
  killAllServers();
  removeFolder(folder);
});

interface Line {
  readonly n: number;
  readonly action: string;
  readonly who: { readonly by: string; readonly name?: string };
  readonly from?: string;
  readonly target?: string;
  readonly outcome: string;
  readonly status?: number;
}

function linesIn(audit: string): Line[] {
  return readdirSync(audit)
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .flatMap((name) => readFileSync(join(audit, name), "utf8").split("\n").slice(0, -1))
    .map((line) => JSON.parse(line) as Line);
}

const upsert = (server: ServerProcess, id: number) =>
  server.request("PUT", "/collections/things/points?wait=true", {
    points: [{ id, vector: [id, 1], payload: { planted: "a-payload-that-is-planted" } }],
  });
const created = { vectors: { size: 2, distance: "Dot" } };

describe("the audit log of a server with keys, TLS and encryption", async () => {
  const { options, trust } = await makeSecured(join(folder, "secrets"));
  const dataFolder = join(folder, "data");
  const audit = join(dataFolder, "audit");
  const headFile = join(folder, "head-elsewhere.json");
  const all = [...options, "--audit-head-file", headFile, "--listeners", "1"];
  const server = await startServer({ dataFolder, options: all, trust });
  let acknowledged = 0;

  /** On a connection of its own: some come to the main thread, some to the one that listens beside. */
  function asStranger(headers: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
      const path = "/collections/things/points/delete";
      const sent = request(
        `${server.address}${path}`,
        { method: "POST", ca: trust.ca, agent: false, headers },
        (answer) => {
          answer.resume();
          answer.on("end", () => resolve(answer.statusCode ?? 0));
        },
      );
      sent.on("error", reject).end();
    });
  }

  it("tells who asked, by whatever thread it came, and believes no header", async () => {
    assert.equal((await server.request("PUT", "/collections/things", created)).status, 200);
    const claims = { "murmur-relayed-address": "10.9.9.9", "x-forwarded-for": "10.9.9.9", "content-length": "0" };
    const statuses = await Promise.all(Array.from({ length: 24 }, () => asStranger(claims)));
    assert.deepEqual(new Set(statuses), new Set([401]));
    await until(() => linesIn(audit).filter(({ status }) => status === 401).length === 24, "all are recorded");
    for (const { from, who, status } of linesIn(audit)) {
      if (status === undefined) continue;
      assert.equal(from, "127.0.0.1");
      assert.deepEqual(who, status === 401 ? { by: "nobody" } : { by: "key", name: "the only client" });
    }
  });

  it("has every write that was acknowledged before the process was killed, and goes on", async () => {
    const writing = Array.from({ length: 8 }, async (_, client) => {
      for (let i = 0; ; i++) {
        const { status } = await upsert(server, client * 10_000 + i).catch(() => ({ status: 0 }));
        if (status !== 200) return;
        acknowledged++;
      }
    });
    await until(() => acknowledged >= 200, "writes are acknowledged");
    await server.kill();
    await Promise.all(writing);
    const recorded = linesIn(audit).filter(
      ({ action, outcome }) => /^PUT .*points$/.test(action) && outcome === "done",
    );
    assert.ok(recorded.length >= acknowledged, `${recorded.length} of ${acknowledged} writes are recorded`);
    const again = await startServer({ dataFolder, options: all, trust });
    assert.equal((await upsert(again, 1)).status, 200);
    const { head } = (await again.request("GET", "/murmur/audit")).body.result as { head: { n: number; hash: string } };
    await again.stop();
    const { code, out } = runCli(
      "audit",
      "verify",
      audit,
      "--json",
      "--head",
      headFile,
      "--head",
      `${head.n}:${head.hash}`,
    );
    assert.equal(code, 0, out);
    assert.equal((JSON.parse(out) as { intact: boolean }).intact, true);
    const started = linesIn(audit).filter(({ action }) => action.startsWith("server."));
    assert.deepEqual(
      started.map(({ action }) => action),
      ["server.started", "server.started", "server.stopped"],
    );
  });

  it("holds no key and no payload", () => {
    const text = readdirSync(audit)
      .map((name) => readFileSync(join(audit, name), "latin1"))
      .join("");
    for (const secret of [trust.apiKey, "a-payload-that-is-planted"]) assert.ok(!text.includes(secret));
  });

  it("is found not intact on the command line when it was changed or cut off", () => {
    const [name = ""] = readdirSync(audit).filter((one) => one.endsWith(".jsonl"));
    // each kind of harm: packages/server/src/audit-log/verify.test.ts
    const copyWith = (copied: string, harm: (lines: string[]) => string[]) => {
      const copy = join(folder, copied);
      cpSync(audit, copy, { recursive: true });
      const lines = readFileSync(join(copy, name), "utf8").split("\n").slice(0, -1);
      writeFileSync(join(copy, name), `${harm(lines).join("\n")}\n`);
      return copy;
    };
    const changed = copyWith("changed", (lines) =>
      lines.map((line, i) => (i === 30 ? line.replace(/"status":\d+/, '"status":1') : line)),
    );
    const ofChanged = runCli("audit", "verify", changed);
    assert.equal(ofChanged.code, 1);
    assert.match(ofChanged.out, /\n {2}changed \(audit-0+1\.jsonl, line 31\)[\s\S]*\nNOT INTACT/);
    // who cuts off the end cuts the head that is beside it, but not one that is elsewhere
    const cut = copyWith("cut", (lines) => lines.slice(0, -1));
    rmSync(join(cut, "head.json"));
    assert.match(
      runCli("audit", "verify", cut, "--head", headFile).out,
      /\n {2}cut: the log ends with line[\s\S]*\nNOT INTACT/,
    );
    assert.equal(runCli("audit", "verify", audit, "--head", "12").code, 2);
  });
});

const missing = noSmallDisk();
// a build must not pass without it
const skip = missing !== undefined && process.env["CI"] === undefined ? `needs ${missing}` : false;

/** Takes what room is left in a folder, in a file of its own. */
function takeAllRoom(file: string): void {
  const filler = openSync(file, "a");
  for (const bytes of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeSync(filler, Buffer.alloc(bytes, 1));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
  closeSync(filler);
}

it("nothing is written that cannot be recorded while the disk of the audit log is full, and all goes on when it is not", {
  skip,
}, async () => {
  const disk = join(folder, "small-disk");
  const data = join(folder, "data-beside");
  // the folder that gets the small disk is that of the audit log; the data are beside it
  mkdirSync(disk);
  const options = ["--data", data, "--audit-log", join(disk, "audit")];
  const server = await startServer({ dataFolder: disk, diskBytes: 16 * 1024 * 1024, options });
  const seen = `/proc/${server.pid}/root${disk}`;
  assert.equal((await server.request("PUT", "/collections/things", created)).status, 200);
  assert.equal((await upsert(server, 1)).status, 200);
  const filler = join(seen, "filler");
  takeAllRoom(filler);
  assert.ok(existsSync(join(seen, "audit", "reserve")));
  // lines of a block that is there already need no room; then the reserve is given up
  await until(async () => {
    assert.equal((await upsert(server, 2)).status, 200, "the room that was kept is used");
    return !existsSync(join(seen, "audit", "reserve"));
  }, "the reserve is given up");
  takeAllRoom(filler);
  let refused: Awaited<ReturnType<typeof upsert>> | undefined;
  await until(async () => {
    refused = await upsert(server, 3);
    return refused.status !== 200;
  }, "a write is refused");
  assert.equal(refused?.status, 503);
  assert.match(JSON.stringify(refused.body), /the audit log cannot be written/);
  const after = await upsert(server, 4);
  assert.match(JSON.stringify(after.body), /nothing is changed until it can/);
  assert.equal((await server.request("GET", "/collections/things/points/4")).status, 404);
  assert.equal((await server.request("GET", "/collections/things/points/1")).status, 200);
  const { text } = await server.ask("GET", "/metrics");
  assert.match(text, /^murmur_audit_failing 1$/m);
  rmSync(filler);
  await until(async () => (await upsert(server, 5)).status === 200, "writes go on");
  assert.match((await server.ask("GET", "/metrics")).text, /^murmur_audit_lost_total 0$/m);
  cpSync(join(seen, "audit"), join(folder, "copied"), { recursive: true });
  const { code, out } = runCli("audit", "verify", join(folder, "copied"));
  assert.equal(code, 0, out);
  await server.stop();
});
